// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Folios: what was written is told to the mm by the folio (usually since Linux 5.16). */
#include <linux/mm.h>

bool probe(struct page *page);
bool probe(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio_test_large(folio) && folio_mark_dirty(folio);
}
