# Every library the project stands on, found once. Debian's names are in installer/packages.txt.
find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED)

find_package(Torch REQUIRED)
# LibTorch's at::parallel_for is a template: without OpenMP's flag where it is used, it runs on one thread and says nothing.
find_package(OpenMP COMPONENTS CXX)
# Torch states its own include folders and flags globally; an interface target keeps them to the rooms that ask.
add_library(lorkd_torch INTERFACE)
target_link_libraries(lorkd_torch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(lorkd_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
# Nothing here reads errno after a function of mathematics, and square roots that may set it stay scalar.
target_compile_options(lorkd_torch INTERFACE $<$<CXX_COMPILER_ID:GNU,Clang>:-fno-math-errno>)
# Debian's LibTorch is built with NDEBUG, and some of its classes have other members without: of the library that runs,
# not of this build, is what its headers must say (found by UBSan in at::RecordFunction).
target_compile_definitions(lorkd_torch INTERFACE $<$<CONFIG:Debug>:NDEBUG>)
add_library(lorkd::torch ALIAS lorkd_torch)
if(OpenMP_CXX_FOUND)
  target_link_libraries(lorkd_torch INTERFACE OpenMP::OpenMP_CXX)
else()
  message(WARNING "No OpenMP for this compiler: the engine's own kernels use one thread.")
endif()

# oneDNN's own calls save layout changes and run tasks side by side. Only the library that LibTorch itself uses will do:
# two copies in one process answer to the same names.
option(LORKD_ONEDNN "Call oneDNN directly where LibTorch uses it as a shared library" ON)
if(LORKD_ONEDNN AND OpenMP_CXX_FOUND AND TARGET torch_cpu)
  get_target_property(lorkd_torch_library torch_cpu LOCATION)
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${lorkd_torch_library} OUTPUT_VARIABLE needed ERROR_QUIET)
  # Not by oneDNN's CMake file: Debian's asks for OpenCL as well.
  find_library(LORKD_DNNL_LIBRARY dnnl)
  find_path(LORKD_DNNL_INCLUDE oneapi/dnnl/dnnl.hpp)
  if(needed MATCHES "NEEDED +libdnnl\\.so" AND LORKD_DNNL_LIBRARY AND LORKD_DNNL_INCLUDE)
    add_library(lorkd_onednn INTERFACE)
    target_link_libraries(lorkd_onednn INTERFACE ${LORKD_DNNL_LIBRARY})
    target_include_directories(lorkd_onednn SYSTEM INTERFACE ${LORKD_DNNL_INCLUDE})
    target_compile_definitions(lorkd_onednn INTERFACE LORKD_ONEDNN)
    add_library(lorkd::onednn ALIAS lorkd_onednn)
  endif()
endif()
if(NOT TARGET lorkd::onednn)
  message(STATUS "Convolutions through LibTorch's operators alone: it has no shared oneDNN, or its headers are not there")
endif()

# Debian's libzip CMake file names tools of other packages, so pkg-config it is. Without imaging only core/models asks
# for it.
find_package(PkgConfig)
if(PkgConfig_FOUND)
  pkg_check_modules(LIBZIP IMPORTED_TARGET libzip)
endif()

if(LORKD_IMAGING)
  if(NOT TARGET PkgConfig::LIBZIP)
    message(FATAL_ERROR "libzip is missing, or pkg-config that finds it; see installer/packages.txt")
  endif()
  find_package(SQLite3 REQUIRED)
  find_package(GIF REQUIRED)
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
