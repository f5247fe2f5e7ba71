# Target `programs`: what a user starts, without the tests. And what `cmake --install` copies.
include(GNUInstallDirs)
add_custom_target(programs)
foreach(program lorkd lorkd-workbench lorkd-bench)
  if(TARGET ${program})
    add_dependencies(programs ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
if(TARGET lorkd-workbench)
  install(FILES ${CMAKE_SOURCE_DIR}/installer/lorkd-workbench.desktop
    DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
  install(FILES ${CMAKE_SOURCE_DIR}/resources/icons/lorkd.svg RENAME lorkd-workbench.svg OPTIONAL
    DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)
endif()
