import { api, type components, need } from '@/api';
import { create } from 'zustand';
import { useLive } from './store';

type Desk = components['schemas']['DeskShown'];

/** What things are called here, and by which rules the list is read. */
export interface Names {
  /** Nothing before it is known. */
  desk: Desk | null;
}

export const useNames = create<Names>(() => ({ desk: null }));

async function load(generation: number): Promise<void> {
  for (let pause = 1_000; useLive.getState().generation === generation; pause = Math.min(pause * 2, 30_000)) {
    try {
      const desk = await need(api.GET('/api/desk'));
      if (useLive.getState().generation === generation) useNames.setState({ desk });
      return;
    } catch {
      await new Promise(resolve => setTimeout(resolve, pause));
    }
  }
}

// A snapshot comes whenever the configuration changes.
useLive.subscribe((live, before) => {
  if (live.generation !== before.generation && live.me !== null) void load(live.generation);
});

/** The name of something, else its key. */
function called(things: readonly { key: string; name: string }[] | undefined, key: string): string {
  return things?.find(thing => thing.key === key)?.name ?? key;
}

export const serviceName = (desk: Desk | null, key: string) => called(desk?.services, key);
export const campaignName = (desk: Desk | null, key: string) => called(desk?.campaigns, key);
export const groupName = (desk: Desk | null, key: string) => called(desk?.groups, key);

/** What an outcome is called. */
export const dispositionName = (desk: Desk | null, key: string) => called(desk?.dispositions, key);

/** How people speak of a queue: by its number, else its name. */
export function queueName(desk: Desk | null, key: string): string {
  const queue = desk?.queues.find(one => one.key === key);
  return queue?.number ?? queue?.name ?? key;
}

export type { Desk };
