/* PCRE2, the library that nginx itself uses for its regular expressions. */

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
