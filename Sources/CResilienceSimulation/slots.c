#define _GNU_SOURCE
#include "internal.h"

#if RESILIENCE_HAS_SLOTS
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// A call of a function of another library goes through a slot that the dynamic linker fills. Replacing what is in
// it changes the call in that library alone. Slots are never given back: a thread that does not drive gets the
// original function from the replacement.

#if defined(__x86_64__)
#define IS_SLOT(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT || (type) == R_X86_64_64)
#else
#define IS_SLOT(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT || (type) == R_AARCH64_ABS64)
#endif

/// Libraries that wait in real time, or report it: they read the real clocks on every thread.
static const char *const keeps_time[] = {
  "/libc.so", "/libc-", "/ld-linux", "linux-vdso", "/libpthread", "/libdispatch", "/libTesting", "/libXCTest",
};


struct search {
  const struct resilience_slot_kind *kinds;
  size_t count;
  int found;
};

/// How often libraries have been loaded and unloaded.
static unsigned long long seen_changes;

// Slots that the dynamic linker fills with the first call: it may do so on another thread at the same moment.
struct lazy_slot {
  void **slot;
  void *replacement;
};

static struct lazy_slot lazy_slots[128];
static size_t lazy_count;

static int write_slot(const struct dl_phdr_info *info, void **slot, void *value) {
  uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  void *page = (void *)((uintptr_t)slot & ~(page_size - 1));
  int is_protected = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    if (header->p_type != PT_GNU_RELRO) continue;
    // Whole pages are protected; what is left over at the end is not.
    uintptr_t start = info->dlpi_addr + header->p_vaddr;
    uintptr_t end = (start + header->p_memsz) & ~(page_size - 1);
    if ((uintptr_t)slot >= (start & ~(page_size - 1)) && (uintptr_t)slot < end) is_protected = 1;
  }
  if (is_protected && *slot == value) return 1;
  if (is_protected && mprotect(page, page_size, PROT_READ | PROT_WRITE) != 0) return 0;
  __atomic_store_n(slot, value, __ATOMIC_RELEASE);
  if (is_protected) mprotect(page, page_size, PROT_READ);
  else if (lazy_count < sizeof lazy_slots / sizeof *lazy_slots)
    lazy_slots[lazy_count++] = (struct lazy_slot){slot, value};
  return 1;
}

static const struct resilience_slot_kind *kind_of(const struct search *search, const char *name, const char *path) {
  for (size_t i = 0; i < search->count; i++) {
    const struct resilience_slot_kind *kind = &search->kinds[i];
    if (strcmp(name, kind->name) != 0) continue;
    if (kind->only_in && !strstr(path, kind->only_in)) continue;
    return kind;
  }
  return 0;
}

static void replace_slots(
  struct search *search, const struct dl_phdr_info *info, const ElfW(Rela) *relocations, size_t size,
  const ElfW(Sym) *symbols, const char *names
) {
  for (size_t i = 0; i < size / sizeof *relocations; i++) {
    if (!IS_SLOT(ELF64_R_TYPE(relocations[i].r_info))) continue;
    const char *name = names + symbols[ELF64_R_SYM(relocations[i].r_info)].st_name;
    const struct resilience_slot_kind *kind = kind_of(search, name, info->dlpi_name);
    if (!kind) continue;
    void **slot = (void **)(info->dlpi_addr + relocations[i].r_offset);
    if (write_slot(info, slot, kind->replacement)) search->found |= kind->found;
  }
}

static int replace_in_library(struct dl_phdr_info *info, size_t size, void *argument) {
  struct search *search = argument;
  (void)size;
  for (size_t i = 0; i < sizeof keeps_time / sizeof *keeps_time; i++)
    if (strstr(info->dlpi_name, keeps_time[i])) return 0;
  const ElfW(Dyn) *dynamic = 0;
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
      dynamic = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  if (!dynamic) return 0;
  const ElfW(Sym) *symbols = 0;
  const char *names = 0;
  const ElfW(Rela) *calls = 0, *data = 0;
  size_t calls_size = 0, data_size = 0;
  for (; dynamic->d_tag != DT_NULL; dynamic++) {
    switch (dynamic->d_tag) {
      case DT_SYMTAB: symbols = (const void *)dynamic->d_un.d_ptr; break;
      case DT_STRTAB: names = (const void *)dynamic->d_un.d_ptr; break;
      case DT_JMPREL: calls = (const void *)dynamic->d_un.d_ptr; break;
      case DT_PLTRELSZ: calls_size = dynamic->d_un.d_val; break;
      case DT_RELA: data = (const void *)dynamic->d_un.d_ptr; break;
      case DT_RELASZ: data_size = dynamic->d_un.d_val; break;
    }
  }
  if (!symbols || !names) return 0;
  if (calls) replace_slots(search, info, calls, calls_size, symbols, names);
  if (data) replace_slots(search, info, data, data_size, symbols, names);
  return 0;
}

static int count_changes(struct dl_phdr_info *info, size_t size, void *argument) {
  (void)size;
  *(unsigned long long *)argument = info->dlpi_adds + info->dlpi_subs;
  return 1;
}

int resilience_replace(const struct resilience_slot_kind *kinds, size_t count) {
  static int found;
  unsigned long long changes = 0;
  dl_iterate_phdr(count_changes, &changes);
  if (changes == seen_changes) {
    for (size_t i = 0; i < lazy_count; i++)
      __atomic_store_n(lazy_slots[i].slot, lazy_slots[i].replacement, __ATOMIC_RELEASE);
    return found;
  }
  struct search search = {kinds, count, 0};
  lazy_count = 0;
  dl_iterate_phdr(replace_in_library, &search);
  seen_changes = changes;
  found |= search.found;
  return found;
}
#endif
