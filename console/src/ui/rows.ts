import { type Range, defaultRangeExtractor } from '@tanstack/react-virtual';
import { useCallback } from 'react';

/** Which rows of a long list are drawn: those in sight, and this one, wherever it is; -1 where there is none. */
export function useRangeWith(kept: number): (range: Range) => number[] {
  return useCallback(
    (range: Range) => {
      const shown = defaultRangeExtractor(range);
      return kept === -1 || kept >= range.count || shown.includes(kept)
        ? shown
        : [...shown, kept].sort((one, other) => one - other);
    },
    [kept],
  );
}
