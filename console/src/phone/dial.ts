import { api, given, need, once } from '@/api';
import { type Desk, useLive, useMyAgent, useNames } from '@/live';
import { say } from '@/notices';
import { askedHere } from './asked';
import { usePhone } from './here';
import { wayToMe } from './readiness';
import { wish } from './wish';

/** Whether what was typed is dialled at the phone itself: numbers of the house, codes, emergency numbers. */
export function isInternal(typed: string): boolean {
  return typed.replace(/[\s()./-]/g, '').length < 7 || /[*#]/.test(typed);
}

/** Dials: numbers of the house from this page's phone, others with the number of a service. */
export async function dial(typed: string, service: string | null, here: boolean): Promise<boolean> {
  if (isInternal(typed)) {
    if (!here) {
      const { me, agents } = useLive.getState();
      const outside = me?.agent ? agents.get(me.agent)?.outside === true : false;
      const why = outside ? 'phone.internalOutside' : 'phone.internalDesk';
      say({ id: 'call', kind: 'refused', title: t => t(why) });
      return false;
    }
    const dialled = { params: { header: once() }, body: { dial: typed.replace(/[\s()./-]/g, '') } };
    return wish(need(api.POST('/api/phone/calls', dialled)), 'phone.dialFailed');
  }
  const waits = () => say({ id: 'call', kind: 'info', title: t => t('done.connecting', { who: typed }) });
  if ((await wayToMe(waits)) === 'none') {
    say({ id: 'call', kind: 'refused', title: t => t('refusal.phone_off') });
    return false;
  }
  const body = { number: typed, ...(service !== null && { service }) };
  const asked = need(api.POST('/api/calls', { params: { header: once() }, body }));
  return wish(
    asked.then(({ call }) => askedHere(call)),
    'phone.dialFailed',
  );
}

/** The services whose number an agent of these groups may show. */
export function servicesToShow(desk: Desk | null, groups: readonly string[]) {
  return (desk?.services ?? []).filter(
    one => given(one.caller_id) && one.groups.some(group => groups.includes(group)),
  );
}

/** Dials a number from before, with that of the same service where the agent may show it; nothing for who has no phone. */
export function useRedial(): ((number: string, service: string | null) => void) | null {
  const agent = useMyAgent();
  const desk = useNames(names => names.desk);
  const { state } = usePhone();
  if (agent === null) return null;
  return (number, service) => {
    const shown = servicesToShow(desk, agent.groups).find(one => one.key === service);
    void dial(number, shown?.key ?? null, state === 'ready');
  };
}
