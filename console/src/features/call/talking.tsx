import {
  IconArrowsLeftRight,
  IconCircle,
  IconDialpad,
  IconMicrophone,
  IconMicrophoneOff,
  IconPhoneFilled,
  IconPhoneOff,
  IconPlayerPause,
  IconPlayerPlay,
  IconUsersPlus,
} from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { Heard, useTranslation } from '@/i18n';
import { useKey } from '@/keys';
import { queueName, serviceName, talksSince, useAgentName, useMyAgent, useNames } from '@/live';
import { phone, ringThere, usePhone, usePhoneChoices } from '@/phone';
import { useCallEnds } from '@/phone/readiness';
import { Glyph } from '@/ui';
import styles from './call.module.css';
import { Consulted, Consulting } from './consulting';
import { HandOver } from './hand-over';
import { CallKey, Figure, Keypad, Running, useRest, withWhom } from './parts';
import { type Situation, askedOf, holderOf, isHeldBy } from './situation';
import { conference, hangUp, hold, pauseRecording, press } from './wishes';
import { given } from './given';

export type InCall = Extract<Situation, { kind: 'talking' | 'calling' }>;
/** What was opened in the middle of the panel. */
export type Open = 'keypad' | 'transfer' | 'conference' | null;

const icon = { size: 20, stroke: 1.75, 'aria-hidden': true } as const;

/** Who is on the line, above everything else of a call. */
export function InCallTop({ situation: { call }, name }: { situation: InCall; name: string | null }) {
  const { t } = useTranslation();
  const agent = useMyAgent();
  const { desk } = useNames();
  const where = given(call?.queue) ? queueName(desk, call.queue) : '';
  const service = given(call?.service) ? serviceName(desk, call.service) : '';
  return (
    <div className={styles.top}>
      <Glyph tone="violet">
        <IconPhoneFilled size={14} />
      </Glyph>
      <h2 className={styles.who}>
        <Heard text={name ?? withWhom(t, call, agent?.key ?? null)} />
      </h2>
      <span className={styles.dim}>
        {askedOf(call, agent?.key) !== null
          ? t('call.consultation')
          : given(call?.entry)
            ? t('call.callback')
            : [where, service].filter(Boolean).join(' ')}
      </span>
    </div>
  );
}

interface FactsProps {
  situation: InCall;
  /** The name of whom the call is with, where somebody knows it. */
  name?: string | null;
  open: Open;
  setOpen: (open: Open) => void;
}

/** What runs in a call, and what was opened for it: the keypad, the search for whom to transfer to. */
export function InCallFacts({ situation, open, setOpen, name = null }: FactsProps) {
  const { t } = useTranslation();
  const agent = useMyAgent();
  const { call } = situation;
  const speaker = usePhoneChoices(state => state.speaker);
  const ringsThere = situation.kind === 'calling' && situation.ringsThere;
  const asked = askedOf(call, agent?.key);
  const holder = holderOf(call, agent?.key);
  const customer = name ?? withWhom(t, call, agent?.key ?? null);
  useEffect(() => (ringsThere ? ringThere(speaker) : undefined), [ringsThere, speaker]);
  const state =
    situation.kind === 'calling'
      ? t(ringsThere ? 'call.ringsThere' : 'call.dialling')
      : t(call?.held === true && asked === null ? 'state.held' : 'state.talking');
  const connected = call?.connected ?? null;
  const ends = useCallEnds();
  return (
    <>
      <dl className={styles.figures} data-timers>
        {given(call?.queued) && (
          <Figure name={t('call.inQueue')}>
            <Running since={call.queued} until={call.left_line ?? connected} />
          </Figure>
        )}
        <Figure name={state}>
          <Running
            since={
              situation.kind !== 'talking'
                ? call?.began
                : agent === null
                  ? connected
                  : talksSince(agent, call)
            }
            until={ends}
          />
        </Figure>
        <Figure name={t('call.whole')}>
          <Running since={call?.began} until={ends} />
        </Figure>
      </dl>
      {given(call?.recording) && (
        <p className={styles.recording} data-recording={call.recording}>
          {t(call.recording === 'paused' ? 'call.recordingPaused' : 'call.recording')}
        </p>
      )}
      {holder !== null && !given(call?.consult) && (
        <p className={styles.recording} role="status" data-held-by>
          {t('call.heldBy', { who: holder })}
        </p>
      )}
      {given(call?.consult) &&
        (asked !== null ? (
          <Consulted call={call} consult={asked} customer={customer} />
        ) : (
          <Consulting call={call} consult={call.consult} customer={customer} />
        ))}
      {open === 'keypad' && call !== null && <Press key={call.id} onPress={keys => void press(call, keys)} />}
      {(open === 'transfer' || open === 'conference') && call !== null && (
        <HandOver
          key={open}
          call={call}
          customer={customer}
          toConference={open === 'conference'}
          onDone={() => setOpen(null)}
        />
      )}
    </>
  );
}

/** The keypad of a call: what is typed on the keyboard is pressed, too. */
function Press({ onPress }: { onPress: (keys: string) => void }) {
  const { t } = useTranslation();
  const [pressed, setPressed] = useState('');
  const one = (key: string) => {
    setPressed(before => (before + key).slice(-24));
    onPress(key);
  };
  return (
    <>
      <label className={styles.field}>
        <span>{t('call.pressed')}</span>
        <input
          ref={field => field?.focus()}
          inputMode="tel"
          autoComplete="off"
          value={pressed}
          onChange={() => {}}
          onKeyDown={event => {
            if (/^[0-9*#]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey) {
              event.preventDefault();
              one(event.key);
            }
          }}
        />
      </label>
      <Keypad onPress={one} />
    </>
  );
}

/** The keys of a call. */
export function InCallBlock({ situation: { call, leg, kind }, open, setOpen }: FactsProps) {
  const { t } = useTranslation();
  const { muted } = usePhone();
  const here = leg !== null;
  const rests = useRest(`${kind} ${leg ?? call?.id ?? ''}`);
  const agent = useMyAgent();
  // Whoever is asked listens, talks and leaves; all else is up to the colleague who has asked.
  const asked = askedOf(call, agent?.key);
  const asker = useAgentName(asked?.by ?? null);
  const notMine = asked === null ? undefined : t('call.byOther', { who: asker });
  const talks = kind === 'talking' && call !== null && asked === null;
  const consulted = given(call?.consult);
  // Both sides may hold at once: each takes back its own hold, and nobody that of the other.
  const held = isHeldBy(call, agent?.key);
  const holder = holderOf(call, agent?.key);
  const toggle = (what: Exclude<Open, null>) => setOpen(open === what ? null : what);
  const doHold = () => void (talks && !consulted && hold(call, !held));
  const doMute = () => void (here && phone.mute(!muted));
  const doEnd = () => void (!rests && hangUp(leg, call));
  // Who is called next is not met with a dead microphone.
  useEffect(() => () => phone.mute(false), [leg]);
  useKey('hold', doHold);
  useKey('mute', doMute);
  useKey('hangUp', doEnd);
  useKey('transfer', () => void (talks && toggle('transfer')));
  useKey('keypad', () => void (talks && toggle('keypad')));
  const paused = call?.recording === 'paused';
  return (
    <div className={styles.block} data-rests={rests || undefined}>
      <div className={styles.keys}>
        <CallKey
          words={t(muted && here ? 'call.unmute' : 'call.mute')}
          icon={muted && here ? <IconMicrophoneOff {...icon} /> : <IconMicrophone {...icon} />}
          on={muted && here}
          disabled={!here}
          title={here ? undefined : t('call.muteAtPhone')}
          onClick={doMute}
        />
        <CallKey
          words={t(held && !consulted ? 'call.resume' : 'call.hold')}
          icon={held && !consulted ? <IconPlayerPlay {...icon} /> : <IconPlayerPause {...icon} />}
          on={held && !consulted}
          disabled={!talks || consulted}
          title={notMine ?? (holder === null ? undefined : t('call.heldBy', { who: holder }))}
          onClick={doHold}
        />
        <CallKey
          words={t('call.keypad')}
          icon={<IconDialpad {...icon} />}
          on={open === 'keypad'}
          disabled={!talks}
          title={notMine}
          onClick={() => toggle('keypad')}
        />
        <CallKey
          words={t('call.transfer')}
          icon={<IconArrowsLeftRight {...icon} />}
          on={open === 'transfer'}
          disabled={!talks || consulted}
          title={notMine}
          onClick={() => toggle('transfer')}
        />
        <CallKey
          words={t('call.conference')}
          icon={<IconUsersPlus {...icon} />}
          on={open === 'conference'}
          title={notMine}
          disabled={!talks || call.conference || (consulted && !given(call.consult?.answered))}
          onClick={() => (consulted && talks ? void conference(call) : toggle('conference'))}
        />
        <CallKey
          words={t(paused ? 'call.resumeRec' : 'call.pauseRec')}
          icon={<IconCircle {...icon} />}
          on={paused}
          disabled={!talks || !given(call.recording)}
          onClick={() => void (talks && pauseRecording(call, !paused))}
        />
      </div>
      <button type="button" className={styles.hangUp} onClick={doEnd}>
        <IconPhoneOff size={20} stroke={1.75} aria-hidden />
        {t(asked !== null && call?.conference === true ? 'call.leave' : 'call.hangUp')}
      </button>
    </div>
  );
}
