// A field for a short text that must follow a rule.
#pragma once

#include <QLineEdit>
#include <functional>

namespace lorkd::field {

/// What was typed stays; a text that the rule does not take is marked, and why() says what to write instead. A field
/// that nobody has touched is not found fault with until judge() is called.
class TextField : public QLineEdit {
  Q_OBJECT
 public:
  /// Says what is wrong with a text; empty if nothing is.
  using Rule = std::function<QString(const QString& text)>;
  explicit TextField(const QString& text = {}, QWidget* parent = nullptr);
  /// Without one every text is good.
  void setRule(Rule rule) { m_rule = std::move(rule); }
  /// Looks at the text now, and at every change from now on. Also to be called where what the rule asks for has
  /// changed.
  void judge();
  /// The same, but only where it has been looked at before.
  void judgeAgain();
  /// Why what stands there is not taken; empty if it is, or if it was not looked at.
  const QString& why() const { return m_why; }

 Q_SIGNALS:
  void faultChanged(const QString& why);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  Rule m_rule;
  bool m_judged = false;
  QString m_why;
};

}  // namespace lorkd::field
