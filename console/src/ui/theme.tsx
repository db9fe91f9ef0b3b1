import { type ReactNode } from 'react';
import {
  MantineProvider,
  type MantineColorScheme,
  type MenuProps,
  type ModalProps,
  type PopoverProps,
  type TooltipProps,
  createTheme,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';

/** The theme that was chosen: `auto` follows the system. */
export type Scheme = MantineColorScheme;

const KEPT = 'nohold.theme';

const theme = createTheme({
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // By name: a first visit shows no dialog, and does not load one.
    Modal: {
      // Its scroll lock writes a style into the page, which a strict policy forbids; the page does not scroll anyway.
      defaultProps: {
        lockScroll: false,
        transitionProps: { duration: 0 },
        centered: true,
        // The head of a dialog is not a second banner of the page.
        attributes: { header: { role: 'presentation' } },
      } satisfies Partial<ModalProps>,
    },
    Menu: {
      defaultProps: {
        transitionProps: { duration: 0 },
        withInitialFocusPlaceholder: false,
      } satisfies Partial<MenuProps>,
    },
    Popover: { defaultProps: { transitionProps: { duration: 0 } } satisfies Partial<PopoverProps> },
    Tooltip: {
      defaultProps: {
        transitionProps: { duration: 0 },
        events: { hover: true, focus: true, touch: false },
      } satisfies Partial<TooltipProps>,
    },
  },
});

function isScheme(value: unknown): value is Scheme {
  return value === 'light' || value === 'dark' || value === 'auto';
}

/** Keeps the choice in this browser; where that is forbidden, for this visit. */
const keeper = {
  get(fallback: Scheme): Scheme {
    try {
      const kept = localStorage.getItem(KEPT);
      return isScheme(kept) ? kept : fallback;
    } catch {
      return fallback;
    }
  },
  set(value: Scheme) {
    try {
      localStorage.setItem(KEPT, value);
    } catch {
      // It holds for this visit.
    }
  },
  subscribe(hear: (scheme: Scheme) => void) {
    window.onstorage = event => {
      if (event.key === KEPT && isScheme(event.newValue)) hear(event.newValue);
    };
  },
  unsubscribe() {
    window.onstorage = null;
  },
  clear() {
    localStorage.removeItem(KEPT);
  },
};

/** Marks the page light or dark before anything is drawn. */
export function markScheme(): void {
  const kept = keeper.get('auto');
  const dark =
    kept === 'dark' || (kept === 'auto' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.mantineColorScheme = dark ? 'dark' : 'light';
}

export function Themed({ children }: { children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      colorSchemeManager={keeper}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      {children}
    </MantineProvider>
  );
}

/** The theme that was chosen, what it comes to, and how to choose another. */
export function useScheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const shown = useComputedColorScheme('light', { getInitialValueInEffect: false });
  return { chosen: colorScheme, shown, choose: setColorScheme };
}
