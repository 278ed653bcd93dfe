#pragma once

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's own entry, for programs that have a main of theirs.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *data, size_t size));
