// Loops over numbers in vectors as wide as the machine has.
#pragma once

/// Before a function: compiled for several widths of vector, chosen when the program starts: so early that ThreadSanitizer
/// is not there yet, with which each is compiled once.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define LORKD_WIDEST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LORKD_WIDEST
#endif
