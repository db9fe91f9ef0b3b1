import { Suspense, lazy } from 'react';
import type { Asked } from './more';

const Forms = lazy(() => import('./dialogs').then(module => ({ default: module.Dialogs })));

/** Asks for what an action needs to know. Its fields are fetched when they are needed for the first time. */
export function Dialogs({ asked, onClose }: { asked: Asked | null; onClose: () => void }) {
  if (asked === null) return null;
  return (
    <Suspense fallback={null}>
      <Forms asked={asked} onClose={onClose} />
    </Suspense>
  );
}
