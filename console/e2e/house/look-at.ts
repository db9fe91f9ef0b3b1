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
  const until = Date.now() + SETTLES;
  for (;;) {
    const found = await cutOffNow(page);
    if (found.length === 0 || Date.now() > until) return found;
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

/** A page that was given another width lays itself out anew after that, by scripts that watch its size; within this time, in milliseconds. */
const SETTLES = 1_000;

async function cutOffNow(page: Page): Promise<string[]> {
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
    // A hint in a field that is too narrow for it.
    const pen = document.createElement('canvas').getContext('2d');
    for (const field of document.querySelectorAll('input[placeholder]')) {
      if (pen === null || !(field instanceof HTMLInputElement) || field.value !== '' || !visible(field))
        continue;
      const { fontWeight, fontSize, fontFamily, paddingLeft, paddingRight } = getComputedStyle(field);
      pen.font = `${fontWeight} ${fontSize} ${fontFamily}`;
      const room = field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
      if (pen.measureText(field.placeholder).width > room + 1)
        found.push(`a hint cut off: ${field.placeholder}`);
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

/** Which of these texts are cut, or stand in more than one line. */
export async function notInOneLine(page: Page, selector: string): Promise<string[]> {
  return page.evaluate(selector => {
    const texts = [...document.querySelectorAll(selector)].filter(one => one.checkVisibility());
    const found = texts.filter(text => {
      const range = document.createRange();
      range.selectNodeContents(text);
      const lines = new Set([...range.getClientRects()].map(({ bottom }) => Math.round(bottom / 8)));
      return lines.size > 1 || text.scrollWidth > text.clientWidth + 1;
    });
    return texts.length === 0 ? [`nothing is ${selector}`] : found.map(text => text.textContent ?? '');
  }, selector);
}

/** The controls in sight that something else lies over: whoever presses in their middle does not meet them. */
export async function covered(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const told = (element: Element) =>
      `<${element.tagName.toLowerCase()} class="${element.className}"> ${element.textContent?.slice(0, 60)}`;
    const found: string[] = [];
    for (const control of document.querySelectorAll(
      'button, a, input, textarea, [role=option], [role=tab]',
    )) {
      const { left, top, width, height } = control.getBoundingClientRect();
      const [x, y] = [left + width / 2, top + height / 2];
      const seen =
        width > 1 &&
        height > 1 &&
        control.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) &&
        getComputedStyle(control).pointerEvents !== 'none';
      // What has been scrolled away is not in sight.
      let inSight = seen && x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
      for (let box = control.parentElement; box !== null && inSight; box = box.parentElement) {
        if (getComputedStyle(box).overflowY === 'visible') continue;
        const edge = box.getBoundingClientRect();
        inSight = x >= edge.left && x <= edge.right && y >= edge.top && y <= edge.bottom;
      }
      if (!inSight) continue;
      const met = document.elementFromPoint(x, y);
      const label = met?.closest('label');
      if (met === null || (!control.contains(met) && label?.contains(control) !== true))
        found.push(`${told(control)} under ${met === null ? 'nothing' : told(met)}`);
    }
    return found;
  });
}

/** A place where the focus stops. */
export interface Stop {
  part: string;
  told: string;
  left: number;
  top: number;
  bottom: number;
}

/** Where the focus goes by the Tab key, from the top of the page until it leaves it. */
export async function stops(page: Page): Promise<Stop[]> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const all: Stop[] = [];
  for (let n = 0; n < 200; n += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const at = document.activeElement;
      if (at === null || at === document.body) return null;
      const part = (at.closest('main, aside') ?? at.closest('header, nav'))?.tagName.toLowerCase() ?? 'body';
      const { left, top, bottom } = at.getBoundingClientRect();
      const told = `${part} ${at.tagName.toLowerCase()} ${at.getAttribute('aria-label') ?? at.textContent?.slice(0, 40)}`;
      return { part, told, left, top, bottom };
    });
    if (stop === null) return all;
    all.push(stop);
  }
  throw new Error(`the focus never leaves the page: ${all.map(({ told }) => told).join(', ')}`);
}
