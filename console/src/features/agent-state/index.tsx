import { Menu } from '@mantine/core';
import { IconCheck, IconChevronDown } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { BREAKS, breakWords, moment, timer, useLanguage, useTranslation } from '@/i18n';
import { useKey } from '@/keys';
import {
  type Agent,
  type AgentState,
  isDialling,
  talksSince,
  useLive,
  useMyAgent,
  useNames,
  useSecond,
  useStep,
} from '@/live';
import { useCallEnds } from '@/phone/readiness';
import { type Wish, changeState } from './change';
import { StateGlyph } from './looks';
import styles from './state.module.css';

export { changeState } from './change';
export { StateGlyph } from './looks';

/** States in which a call or its note is in hand, so that a choice is for afterwards. */
const BUSY: readonly AgentState[] = ['reserved', 'ringing', 'talking', 'held', 'wrap_up'];

function Running({ since, until }: { since: number; until: number | null }) {
  const now = useSecond();
  return <span className={styles.timer}>{timer((until === null ? now : Math.min(until, now)) - since)}</span>;
}

/** The state of the viewer's own agent, and one click to another. */
export function StateButton() {
  const agent = useMyAgent();
  return agent === null ? null : <OwnState agent={agent} />;
}

function OwnState({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const works = agent.state !== 'not_signed_in';
  useKey('available', () => void changeState({ action: works ? 'available' : 'sign_in' }));
  useKey('notReady', () => void (works && changeState({ action: 'not_ready' })));
  useKey('break', () => setOpened(true));
  const call = useLive(live => (agent.call ? live.calls.get(agent.call) : undefined));
  const talks = agent.state === 'talking';
  const inCall = talks || agent.state === 'held';
  const ends = useCallEnds();
  const word = talks && isDialling(call) ? t('call.dialling') : t(`state.${agent.state}`);
  const shown = agent.state === 'break' && agent.reason ? breakWords(t, agent.reason) : word;
  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-start">
      <Menu.Target>
        <button type="button" className={styles.button} data-state={agent.state}>
          <StateGlyph state={agent.state} />
          <span>
            <span className="only-heard">{t('stateMenu.label')} </span>
            {shown}
          </span>
          <Running since={talks ? talksSince(agent, call) : agent.since} until={inCall ? ends : null} />
          {isPageLost(agent) && <span className={styles.then}>{t('stateMenu.pageLost')}</span>}
          {agent.after && (
            <span className={styles.then}>{t('stateMenu.then', { state: t(`state.${agent.after}`) })}</span>
          )}
          <IconChevronDown size={16} className={styles.chevron} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Choices agent={agent} />
      </Menu.Dropdown>
    </Menu>
  );
}

/** Whether work has ended without the agent's doing: the page that was their phone was away for too long. */
const isPageLost = ({ state, reason }: Agent) => state === 'not_signed_in' && reason === 'page_lost';

function Choices({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const configured = useNames(names => names.desk?.site.break_reasons);
  const reasons = configured !== undefined && configured.length > 0 ? configured : BREAKS;
  const now = useStep(5_000);
  const busy = BUSY.includes(agent.state);
  const choose = (wish: Wish) => () => void changeState(wish);
  if (agent.state === 'not_signed_in') {
    return (
      <>
        {isPageLost(agent) && (
          <Menu.Label className={styles.why}>
            {t('stateMenu.pageLostWords', { time: moment(t, language, agent.since, now) })}
          </Menu.Label>
        )}
        <Choice state="available" onClick={choose({ action: 'sign_in' })} words={t('stateMenu.signIn')} />
      </>
    );
  }
  const chosen = busy ? agent.after : agent.state;
  return (
    <>
      {agent.state === 'wrap_up' && !agent.must_write && (
        <Choice
          state="wrap_up"
          onClick={choose({ action: 'end_wrap_up' })}
          words={t('stateMenu.endWrapUp')}
        />
      )}
      {agent.state !== 'wrap_up' && (agent.may_wrap_up_until ?? 0) > now && (
        <Choice
          state="wrap_up"
          onClick={choose({ action: 'take_wrap_up' })}
          words={t('stateMenu.takeWrapUp')}
        />
      )}
      {agent.state === 'no_answer' && (
        <Choice state="no_answer" onClick={choose({ action: 'clear' })} words={t('stateMenu.clear')} />
      )}
      <Menu.Label>{busy ? t('stateMenu.after') : t('stateMenu.now')}</Menu.Label>
      <Choice
        state="available"
        chosen={chosen === 'available'}
        onClick={choose({ action: 'available' })}
        words={t('state.available')}
      />
      <Choice
        state="not_ready"
        chosen={chosen === 'not_ready'}
        onClick={choose({ action: 'not_ready' })}
        words={t('state.not_ready')}
      />
      {reasons.map(reason => (
        <Choice
          key={reason}
          state="break"
          chosen={chosen === 'break' && !busy && agent.reason === reason}
          onClick={choose({ action: 'break', reason })}
          words={t('stateMenu.breakFor', { reason: breakWords(t, reason) })}
        />
      ))}
      <Menu.Divider />
      <Choice
        state="not_signed_in"
        chosen={busy && agent.after === 'signed_out'}
        onClick={choose({ action: 'sign_out' })}
        words={t('stateMenu.signOut')}
      />
    </>
  );
}

interface ChoiceProps {
  state: AgentState;
  words: ReactNode;
  chosen?: boolean;
  onClick: () => void;
}

function Choice({ state, words, chosen = false, onClick }: ChoiceProps) {
  return (
    <Menu.Item
      leftSection={<StateGlyph state={state} />}
      rightSection={chosen ? <IconCheck size={16} className={styles.check} aria-hidden /> : null}
      aria-current={chosen || undefined}
      onClick={onClick}
    >
      {words}
    </Menu.Item>
  );
}
