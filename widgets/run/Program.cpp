#include "widgets/run/Program.h"

#include <QCoreApplication>

namespace lorkd::watch {
namespace {
QString chosen;
}

QString lorkdProgram() {
  if (!chosen.isEmpty()) return chosen;
  const QString named = qEnvironmentVariable("LORKD_CLI");
  return named.isEmpty() ? QCoreApplication::applicationDirPath() + QStringLiteral("/lorkd") : named;
}

void setLorkdProgram(const QString& path) { chosen = path; }

}  // namespace lorkd::watch
