// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Are a VMA's flags changed by functions? (They were assigned to.) */
#include <linux/mm.h>

void probe(struct vm_area_struct *vma);
void probe(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_DONTCOPY);
}
