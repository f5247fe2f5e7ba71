// QCustomPlot's header uses Qt's lower-case keywords, which are off in this program (LibTorch and TBB use the words as
// names). They are on here, for that one header alone.
#pragma once

#include <QtGlobal>

#ifdef QT_NO_KEYWORDS
#define signals Q_SIGNALS
#define slots Q_SLOTS
#define foreach Q_FOREACH
#endif
#include <qcustomplot.h>
#ifdef QT_NO_KEYWORDS
#undef signals
#undef slots
#undef foreach
#endif
