// Tables as spreadsheets and people save them: encodings, ends of lines, quotes, empty columns.
#include <gmock/gmock.h>

#include "core/io/Csv.h"
#include "tests/unit/io/Support.h"

namespace lorkd::io {
namespace {

using test::Folder;
using test::put;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Csv parsedCsv(std::string_view text) {
  const auto csv = parseCsv(text);
  EXPECT_TRUE(csv) << csv.error().text();
  return csv ? *csv : Csv();
}
std::string refusal(std::string_view text) {
  const auto csv = parseCsv(text);
  EXPECT_FALSE(csv);
  return csv ? "" : csv.error().text();
}

/// ASCII and the letters of one unit, in UTF-16.
std::string utf16(std::u16string_view text, bool big) {
  std::string out;
  for (const char16_t c : text)
    for (const int shift : {big ? 8 : 0, big ? 0 : 8}) out += static_cast<char>(c >> shift & 0xff);
  return out;
}

TEST(CsvFile, AQuoteThatIsNotClosedIsAnErrorOfItsLine) {
  const auto text = refusal("image,label\na.png,\"big\nlesion\"\nb.png,\"small\nc.png,big\nd.png,big\n");
  EXPECT_THAT(text, HasSubstr("line 4"));
  EXPECT_THAT(text, HasSubstr("not closed"));
  // Two signs of inches are no text that is quoted over lines.
  EXPECT_THAT(refusal("image,label\na.png,\"5 inch\nb.png,small\nc.png,\"6 inch\n"), HasSubstr("line 2"));
  // Quotes within a cell, and texts of several lines, are as they were.
  const auto csv = parsedCsv("image,note\na,\"one\ntwo\" \nb,5\" wide\nc,\"say \"\"no\"\"\"\n");
  ASSERT_EQ(csv.rows.size(), 3u);
  EXPECT_EQ(csv.rows[0][1], "one\ntwo");
  EXPECT_EQ(csv.rows[1][1], "5\" wide");
  EXPECT_EQ(csv.rows[1].line, 4u);
  EXPECT_EQ(csv.rows[2][1], "say \"no\"");
}

TEST(CsvFile, TheErrorOfAFileNamesIt) {
  Folder folder;
  put(folder / "t.csv", "image,label\na.png,\"x\n");
  const auto csv = readCsv(folder / "t.csv");
  ASSERT_FALSE(csv);
  EXPECT_THAT(csv.error().text(), HasSubstr((folder / "t.csv").string() + ": line 2"));
}

TEST(CsvFile, UnicodeTextOfSpreadsheetsIsRead) {
  const std::u16string text =
      u"\xfeff"
      u"Bild\timage\r\nLeber\tgrün\x809d\xd83e\xde7b.png\r\n";
  Folder folder;
  for (const bool big : {false, true}) {
    put(folder / "t.csv", utf16(text, big));
    EXPECT_TRUE(isTable(folder / "t.csv"));
    const auto csv = readCsv(folder / "t.csv");
    ASSERT_TRUE(csv) << csv.error().text();
    EXPECT_THAT(csv->header, ElementsAre("Bild", "image"));
    ASSERT_EQ(csv->rows.size(), 1u);
    EXPECT_EQ(csv->rows[0][1], "gr\xc3\xbcn\xe8\x82\x9d\xf0\x9f\xa9\xbb.png");
  }
  // Without its mark, cut, or with half a character it is refused, not read as something else.
  put(folder / "t.csv", utf16(text.substr(1), false));
  EXPECT_TRUE(isTable(folder / "t.csv"));
  EXPECT_THAT(refusal(utf16(text.substr(1), false)), HasSubstr("UTF-16"));
  EXPECT_THAT(refusal(utf16(text, true).substr(0, 9)), HasSubstr("UTF-16"));
  EXPECT_THAT(refusal(utf16(u"\xfeff"
                            u"a,b\n\xd83e,c\n",
                            false)),
              HasSubstr("UTF-16"));
  put(folder / "t.csv", std::string_view("a,b\n\0\1\2\3", 8));
  EXPECT_FALSE(isTable(folder / "t.csv"));
}

TEST(CsvFile, EndsOfLinesOfAllKinds) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const auto csv = parsedCsv("\xef\xbb\xbfimage,label" + end + "a,\"1" + end + "2\"" + end + end + "b,3" + end);
    EXPECT_THAT(csv.header, ElementsAre("image", "label"));
    ASSERT_EQ(csv.rows.size(), 2u);
    EXPECT_EQ(csv.rows[0][1], "1" + end + "2");
    EXPECT_EQ(csv.rows[1].line, 5u);
  }
}

TEST(CsvFile, SpreadsheetsSayTheSeparatorAndWriteEmptyColumns) {
  const auto csv = parsedCsv("sep=;\r\nimage;label;;;\r\na;1,5;;;\r\n;;;;\r\nb;2;;;\r\n");
  EXPECT_THAT(csv.header, ElementsAre("image", "label"));
  ASSERT_EQ(csv.rows.size(), 2u);
  EXPECT_THAT(csv.rows[0].cells, ElementsAre("a", "1,5"));
  EXPECT_EQ(csv.rows[1].line, 5u);
  // A column without a name that holds something is one.
  EXPECT_THAT(parsedCsv("image,label,,\na,1,x,\n").header, ElementsAre("image", "label", ""));
  EXPECT_EQ(parsedCsv("\"last, first\";image\nx;y\n").separator, ';');
  EXPECT_THAT(parsedCsv("").header, IsEmpty());
}

}  // namespace
}  // namespace lorkd::io
