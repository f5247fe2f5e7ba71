# Every library the project stands on, found once. Debian's names are in installer/packages.txt.
find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED)

find_package(Torch REQUIRED)
# Torch states its own include folders and flags globally; an interface target keeps them to the rooms that ask.
add_library(lorkd_torch INTERFACE)
target_link_libraries(lorkd_torch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(lorkd_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
add_library(lorkd::torch ALIAS lorkd_torch)

if(LORKD_IMAGING)
  find_package(SQLite3 REQUIRED)
  # Debian's libzip CMake file names tools of other packages, so pkg-config it is.
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
  find_package(DCMTK REQUIRED)
  set(ITK_NO_IO_FACTORY_REGISTER_MANAGER ON)
  find_package(ITK REQUIRED COMPONENTS
    ITKCommon ITKIOImageBase ITKIOGDCM ITKIONIFTI ITKIONRRD ITKIOMeta ITKIOPNG ITKIOJPEG ITKIOTIFF ITKIOBMP
    ITKImageGrid ITKImageFunction ITKTransform ITKGDCM ITKZLIB)
  add_library(lorkd_itk INTERFACE)
  target_link_libraries(lorkd_itk INTERFACE ${ITK_LIBRARIES})
  target_include_directories(lorkd_itk SYSTEM INTERFACE ${ITK_INCLUDE_DIRS})
  add_library(lorkd::itk ALIAS lorkd_itk)
endif()

if(LORKD_GUI)
  find_package(OpenGL REQUIRED)
  find_package(Qt6 6.4 REQUIRED COMPONENTS Core Gui Widgets OpenGLWidgets PrintSupport Svg)
  find_package(QCustomPlotQt6 REQUIRED)
  find_package(VTK 9.1 REQUIRED COMPONENTS
    CommonCore CommonDataModel CommonTransforms FiltersCore FiltersGeneral FiltersSources
    ImagingCore ImagingGeneral ImagingColor InteractionStyle RenderingAnnotation RenderingCore
    RenderingImage RenderingFreeType RenderingOpenGL2 RenderingVolume RenderingVolumeOpenGL2 RenderingContextOpenGL2)
endif()

if(LORKD_TESTS)
  find_package(GTest REQUIRED)
  if(LORKD_GUI)
    find_package(Qt6 REQUIRED COMPONENTS Test)
  endif()
endif()
