import type { Page } from 'playwright-core';

/** Chooses the first day of the last month in a field for a day. */
export async function chooseLastMonth(page: Page, label: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).click();
  await page.getByRole('button', { name: 'Previous month' }).click();
  await page
    .getByRole('button', { name: /^1 \w+ \d{4}$/ })
    .first()
    .click();
}
