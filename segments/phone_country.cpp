#include "segments/phone_country.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace segments {

namespace {

struct calling_code {
  std::string_view country;
  std::uint16_t code;
};

// ITU E.164 country codes, by ISO 3166 alpha-2. Those within +1 are left to the area code.
constexpr calling_code calling_codes[] = {
  {"AC", 247}, {"AD", 376}, {"AE", 971}, {"AF", 93},  {"AL", 355}, {"AM", 374}, {"AO", 244},
  {"AQ", 672}, {"AR", 54},  {"AT", 43},  {"AU", 61},  {"AW", 297}, {"AX", 358}, {"AZ", 994},
  {"BA", 387}, {"BD", 880}, {"BE", 32},  {"BF", 226}, {"BG", 359}, {"BH", 973}, {"BI", 257},
  {"BJ", 229}, {"BL", 590}, {"BN", 673}, {"BO", 591}, {"BQ", 599}, {"BR", 55},  {"BT", 975},
  {"BW", 267}, {"BY", 375}, {"BZ", 501}, {"CC", 61},  {"CD", 243}, {"CF", 236}, {"CG", 242},
  {"CH", 41},  {"CI", 225}, {"CK", 682}, {"CL", 56},  {"CM", 237}, {"CN", 86},  {"CO", 57},
  {"CR", 506}, {"CU", 53},  {"CV", 238}, {"CW", 599}, {"CX", 61},  {"CY", 357}, {"CZ", 420},
  {"DE", 49},  {"DJ", 253}, {"DK", 45},  {"DZ", 213}, {"EC", 593}, {"EE", 372}, {"EG", 20},
  {"EH", 212}, {"ER", 291}, {"ES", 34},  {"ET", 251}, {"FI", 358}, {"FJ", 679}, {"FK", 500},
  {"FM", 691}, {"FO", 298}, {"FR", 33},  {"GA", 241}, {"GB", 44},  {"GE", 995}, {"GF", 594},
  {"GG", 44},  {"GH", 233}, {"GI", 350}, {"GL", 299}, {"GM", 220}, {"GN", 224}, {"GP", 590},
  {"GQ", 240}, {"GR", 30},  {"GT", 502}, {"GW", 245}, {"GY", 592}, {"HK", 852}, {"HN", 504},
  {"HR", 385}, {"HT", 509}, {"HU", 36},  {"ID", 62},  {"IE", 353}, {"IL", 972}, {"IM", 44},
  {"IN", 91},  {"IO", 246}, {"IQ", 964}, {"IR", 98},  {"IS", 354}, {"IT", 39},  {"JE", 44},
  {"JO", 962}, {"JP", 81},  {"KE", 254}, {"KG", 996}, {"KH", 855}, {"KI", 686}, {"KM", 269},
  {"KP", 850}, {"KR", 82},  {"KW", 965}, {"KZ", 7},   {"LA", 856}, {"LB", 961}, {"LI", 423},
  {"LK", 94},  {"LR", 231}, {"LS", 266}, {"LT", 370}, {"LU", 352}, {"LV", 371}, {"LY", 218},
  {"MA", 212}, {"MC", 377}, {"MD", 373}, {"ME", 382}, {"MF", 590}, {"MG", 261}, {"MH", 692},
  {"MK", 389}, {"ML", 223}, {"MM", 95},  {"MN", 976}, {"MO", 853}, {"MQ", 596}, {"MR", 222},
  {"MT", 356}, {"MU", 230}, {"MV", 960}, {"MW", 265}, {"MX", 52},  {"MY", 60},  {"MZ", 258},
  {"NA", 264}, {"NC", 687}, {"NE", 227}, {"NF", 672}, {"NG", 234}, {"NI", 505}, {"NL", 31},
  {"NO", 47},  {"NP", 977}, {"NR", 674}, {"NU", 683}, {"NZ", 64},  {"OM", 968}, {"PA", 507},
  {"PE", 51},  {"PF", 689}, {"PG", 675}, {"PH", 63},  {"PK", 92},  {"PL", 48},  {"PM", 508},
  {"PS", 970}, {"PT", 351}, {"PW", 680}, {"PY", 595}, {"QA", 974}, {"RE", 262}, {"RO", 40},
  {"RS", 381}, {"RU", 7},   {"RW", 250}, {"SA", 966}, {"SB", 677}, {"SC", 248}, {"SD", 249},
  {"SE", 46},  {"SG", 65},  {"SH", 290}, {"SI", 386}, {"SJ", 47},  {"SK", 421}, {"SL", 232},
  {"SM", 378}, {"SN", 221}, {"SO", 252}, {"SR", 597}, {"SS", 211}, {"ST", 239}, {"SV", 503},
  {"SY", 963}, {"SZ", 268}, {"TA", 290}, {"TD", 235}, {"TG", 228}, {"TH", 66},  {"TJ", 992},
  {"TK", 690}, {"TL", 670}, {"TM", 993}, {"TN", 216}, {"TO", 676}, {"TR", 90},  {"TV", 688},
  {"TW", 886}, {"TZ", 255}, {"UA", 380}, {"UG", 256}, {"UY", 598}, {"UZ", 998}, {"VA", 39},
  {"VE", 58},  {"VN", 84},  {"VU", 678}, {"WF", 681}, {"WS", 685}, {"XK", 383}, {"YE", 967},
  {"YT", 262}, {"ZA", 27},  {"ZM", 260}, {"ZW", 263},
};

// Canadian area codes of the North American Numbering Plan, the non-geographic 600 and 6xx
// included.
constexpr std::array<std::uint16_t, 62> canadian_area_codes = {
  204, 226, 236, 249, 250, 257, 263, 289, 306, 343, 354, 365, 367, 368, 382, 403,
  416, 418, 428, 431, 437, 438, 450, 468, 474, 506, 514, 519, 548, 579, 581, 584,
  587, 600, 604, 613, 622, 633, 639, 644, 647, 655, 672, 677, 683, 688, 705, 709,
  742, 753, 778, 780, 782, 807, 819, 825, 867, 873, 879, 902, 905, 942,
};

constexpr std::size_t digits_min = 7;
constexpr std::size_t digits_max = 15;

std::uint16_t leading_digits(std::string_view digits, std::size_t count) {
  unsigned number = 0;
  for (std::size_t i = 0; i < count; ++i)
    number = number * 10 + static_cast<unsigned>(digits[i] - '0');
  return static_cast<std::uint16_t>(number);
}

} // namespace

phone_countries::phone_countries(std::span<const std::string> countries) {
  for (const std::string& country : countries) {
    canada_ = canada_ || country == "CA";
    united_states_ = united_states_ || country == "US";
    for (const auto& known : calling_codes)
      if (known.country == country)
        calling_codes_.push_back(known.code);
  }
  std::sort(calling_codes_.begin(), calling_codes_.end());
}

phone_countries::answer phone_countries::find(std::string_view text) const {
  if (text.size() < digits_min + 1 || text.size() > digits_max + 1 || text[0] != '+')
    return answer::no_number;
  const std::string_view digits = text.substr(1);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos)
    return answer::no_number;
  if (digits[0] == '1') {
    const bool is_canadian = std::binary_search(
      canadian_area_codes.begin(), canadian_area_codes.end(), leading_digits(digits.substr(1), 3));
    return (is_canadian ? canada_ : united_states_) ? answer::inside : answer::outside;
  }
  // No calling code is the beginning of another one.
  for (std::size_t length = 1; length <= 3; ++length)
    if (std::binary_search(calling_codes_.begin(), calling_codes_.end(),
                           leading_digits(digits, length)))
      return answer::inside;
  return answer::outside;
}

} // namespace segments
