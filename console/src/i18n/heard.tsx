import type { TFunction } from './speech';
import { Fragment, type ReactNode } from 'react';
import { useTranslation } from './index';

/** A number whose middle the server has hidden from the viewer, as it stands in texts: `138****8000`, `***23`. */
const HIDDEN = /\d*\*{3,}(\d{1,4})/g;

/** Whether the server has hidden a part of this number: then nobody can dial it, and it is called by its entry. */
export const isHidden = (number: string): boolean => number.includes('***');

const ending = (t: TFunction, last: string) => t('list.hiddenNumber', { last: [...last].join(' ') });

/** A text as it is read out: nobody understands a number with four stars in it. */
export function heard(t: TFunction, text: string): string {
  return text.replaceAll(HIDDEN, (_, last: string) => ending(t, last));
}

/** A text in which a hidden number may stand: seen as the server gives it, and read out in words. */
export function Heard({ text }: { text: string }): ReactNode {
  const { t } = useTranslation();
  const parts: ReactNode[] = [];
  let from = 0;
  for (const found of text.matchAll(HIDDEN)) {
    parts.push(
      text.slice(from, found.index),
      <Fragment key={found.index}>
        <span aria-hidden>{found[0]}</span>
        <span className="only-heard">{ending(t, found[1] ?? '')}</span>
      </Fragment>,
    );
    from = found.index + found[0].length;
  }
  return parts.length === 0 ? text : [...parts, text.slice(from)];
}
