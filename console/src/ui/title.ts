import { useEffect } from 'react';
import { create } from 'zustand';

/** What the page is called, for the title of the tab. */
export const usePage = create<{ title: string }>(() => ({ title: '' }));

/** Names the page as long as whoever uses this is on it. */
export function useTitle(title: string): void {
  useEffect(() => {
    usePage.setState({ title });
  }, [title]);
}
