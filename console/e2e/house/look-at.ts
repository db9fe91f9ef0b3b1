import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type axeCore from 'axe-core';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What stands between this state of the page and somebody who cannot see or point, by WCAG 2.2 AA. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof axeCore };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await axe.run(document, {
      runOnly: tags,
      resultTypes: ['violations'],
      // Tooltips and menus stand at the end of the document, outside of its landmarks.
      rules: { region: { enabled: false } },
    });
    return violations.flatMap(one =>
      one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)} (${node.failureSummary ?? ''})`),
    );
  });
}

/**
 * What is cut off: buttons and fields beyond the edge of the page, and texts that are wider than their place, but for those that
 * may end in an ellipsis (names, reasons) and what scrolls.
 */
export async function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const told = (element: Element) =>
      `<${element.tagName.toLowerCase()} class="${element.className}"> ${element.textContent?.slice(0, 60)}`;
    const scrolls = (element: Element | null): boolean => {
      for (let one = element; one !== null; one = one.parentElement) {
        const { overflowX } = getComputedStyle(one);
        if ((overflowX === 'auto' || overflowX === 'scroll') && one.scrollWidth > one.clientWidth)
          return true;
      }
      return false;
    };
    const visible = (element: Element) => {
      const { width, height } = element.getBoundingClientRect();
      return (
        width > 1 && height > 1 && element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })
      );
    };
    for (const element of document.querySelectorAll('button, a, input, [role=menuitem]')) {
      const { right, left } = element.getBoundingClientRect();
      if (
        visible(element) &&
        !element.matches(':not(:focus)[href="#work"]') &&
        (right > innerWidth + 0.5 || left < -0.5) &&
        !scrolls(element)
      ) {
        found.push(`beyond the edge: ${told(element)}`);
      }
    }
    for (const element of document.querySelectorAll('body *')) {
      const own = [...element.childNodes].some(
        node => node.nodeType === Node.TEXT_NODE && node.textContent?.trim(),
      );
      if (!own || !visible(element)) continue;
      const style = getComputedStyle(element);
      if (style.clipPath !== 'none' || style.display === 'inline') continue;
      const clips = style.overflowX !== 'visible';
      if (
        clips &&
        style.textOverflow !== 'ellipsis' &&
        element.scrollWidth > element.clientWidth + 1 &&
        !scrolls(element)
      ) {
        found.push(`clipped: ${told(element)}`);
      }
    }
    // What does not fit into its cell and stands over the one before it.
    for (const cell of document.querySelectorAll('[role=gridcell]')) {
      if (!visible(cell)) continue;
      const { left, right } = cell.getBoundingClientRect();
      for (const part of cell.children) {
        const at = part.getBoundingClientRect();
        if (visible(part) && (at.left < left - 1 || at.right > right + 1))
          found.push(`over its neighbour: ${told(part)} by ${Math.max(left - at.left, at.right - right)}`);
      }
    }
    // A text that stands out of its own box and into the neighbour's.
    for (const cell of document.querySelectorAll(
      '[role=gridcell], [role=columnheader], header button, nav a, nav button',
    )) {
      if (
        visible(cell) &&
        cell.querySelector('[data-over]') === null &&
        cell.scrollWidth > cell.clientWidth + 1 &&
        getComputedStyle(cell).overflowX === 'visible'
      ) {
        found.push(`out of its place: ${told(cell)}`);
      }
    }
    return found;
  });
}
