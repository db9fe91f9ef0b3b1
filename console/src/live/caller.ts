import { create } from 'zustand';

/** The name of whom a call is with, where the page that looks at the customer has found one. */
export const useCaller = create<{ call: string | null; name: string | null }>(() => ({
  call: null,
  name: null,
}));
