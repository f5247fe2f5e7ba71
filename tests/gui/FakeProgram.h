// A shell script in the place of a program that the window starts.
#pragma once

#include <QFile>
#include <QTemporaryDir>

namespace lorkd::test {

/// Writes `body` as an executable script into the folder; returns its path.
inline QString script(const QTemporaryDir& folder, const char* name, const QByteArray& body) {
  QFile file(folder.filePath(name));
  if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write the script");
  file.write("#!/bin/sh\n" + body);
  file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
  return file.fileName();
}

}  // namespace lorkd::test
