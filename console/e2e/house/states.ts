import { expect } from 'vitest';
import type { Person } from './browser.ts';
import { axe, cutOff } from './look-at.ts';

const SIZES = [
  [1_360, 768],
  [820, 1_180],
  [390, 844],
] as const;

/**
 * Looks at a state of the panel in each width, language and theme: nothing is cut off, and axe finds nothing. What does not stand
 * long is looked at briefly: where there is little room, once in the light and once in the dark.
 */
export async function look(person: Person, state: string, how: 'all' | 'briefly' = 'all'): Promise<void> {
  const { page } = person;
  const brief = how === 'briefly';
  for (const language of ['en', 'zh']) {
    await page.setViewportSize({ width: 1_360, height: 768 });
    if (language === 'zh') await person.speaks('简体中文');
    const themes = brief ? ([language === 'en' ? 'light' : 'dark'] as const) : (['light', 'dark'] as const);
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      for (const [width, height] of brief ? SIZES.slice(1) : SIZES) {
        await page.setViewportSize({ width, height });
        const open = page.locator('button[title="Open phone"], button[title="打开电话"]');
        if (await open.isVisible()) await open.click();
        const name = `panel-${state}-${language}-${theme}-${width}`;
        await person.picture(name);
        expect.soft(await cutOff(page), `${name}: cut off`).toEqual([]);
        expect.soft(await axe(page), `${name}: axe`).toEqual([]);
      }
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1_360, height: 768 });
  await person.speaks('English');
}

/** As people see it whose system chooses all colours: what is chosen or next still looks otherwise than the rest. */
export async function inHighContrast(person: Person, state: string): Promise<void> {
  const { page } = person;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ forcedColors: 'active', colorScheme });
    await person.picture(`high-contrast-${state}-${colorScheme}`);
    const alike = await page.evaluate(() => {
      const style = (element: Element, part?: string) => {
        const { backgroundColor, borderColor, borderWidth, outline } = getComputedStyle(element, part);
        return [backgroundColor, borderColor, borderWidth, outline];
      };
      const look = (element: Element) => JSON.stringify([style(element), style(element, '::after')]);
      const found: (string | null)[] = [];
      for (const nav of document.querySelectorAll('nav')) {
        const [chosen] = nav.querySelectorAll('a[aria-current=page]');
        const [other] = nav.querySelectorAll('a:not([aria-current])');
        if (chosen && other && look(chosen) === look(other)) found.push(chosen.textContent);
      }
      const [next] = document.querySelectorAll('[data-row] [data-kind=primary]');
      const [plain] = document.querySelectorAll('[data-row] [data-kind=plain]');
      if (next && plain && look(next) === look(plain)) found.push(next.textContent);
      const [pressed] = document.querySelectorAll('main button[aria-pressed=true]');
      const [free] = document.querySelectorAll('main button:not([aria-pressed]):not([disabled])');
      if (pressed && free && look(pressed) === look(free)) found.push(pressed.textContent);
      for (const group of document.querySelectorAll('[role=radiogroup]')) {
        const ink = (at: string) => [...group.querySelectorAll(at)].map(one => getComputedStyle(one).color);
        const [on] = ink('label[data-active]');
        if (on !== undefined && ink('label:not([data-active])').includes(on)) found.push(group.textContent);
      }
      // What is on has a colour of its own, and what is off an edge.
      for (const control of document.querySelectorAll('input[role=switch]')) {
        const track = control.parentElement?.querySelector('[class*=Switch-track]');
        const ground = getComputedStyle(document.body).backgroundColor;
        const { backgroundColor, borderWidth } = track
          ? getComputedStyle(track)
          : { ...getComputedStyle(control) };
        const seen = control.matches(':checked') ? backgroundColor !== ground : parseFloat(borderWidth) > 0;
        if (!seen) found.push(`switch ${control.parentElement?.textContent ?? ''}`);
      }
      return found;
    });
    expect.soft(alike, 'looks like all others').toEqual([]);
  }
  await page.emulateMedia({ forcedColors: 'none', colorScheme: 'light' });
}
