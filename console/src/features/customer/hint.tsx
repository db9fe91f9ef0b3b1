import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconCircleCheck, IconClock, IconPhoneCall } from '@tabler/icons-react';
import { arrangedBy, takeBackServed, whyOf, whyWords } from '@/entries';
import { moment, useLanguage, useTranslation } from '@/i18n';
import { type Entry, serverNow, useLive, useNames } from '@/live';
import { Button } from '@/ui';
import styles from './customer.module.css';
import { type Pop, keepOpen } from './pop';

type Open = Pop['open'][number];

const icon = { size: 18, stroke: 1.75, 'aria-hidden': true } as const;

/** Something that is open about the customer, what the call does to it, and the agent's choice. */
export function OpenHint({ call, open }: { call: string; open: Open }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const desk = useNames(names => names.desk);
  const queries = useQueryClient();
  const first = open.entry as unknown as Entry;
  const entry = useLive(live => live.entries.get(first.id)) ?? first;
  const gone = useLive(live => live.gone.has(first.id));
  const live = useLive(state => state.calls.get(call));
  const kept = live ? live.keep_open.includes(entry.id) : open.kept_open;
  const answers = live ? live.entry === entry.id : false;
  const { request } = entry;
  const times = request && {
    asked: moment(t, language, request.asked, serverNow()),
    promised: moment(t, language, request.promise.to, serverNow()),
  };
  const what = answers
    ? times
      ? t('pop.answers', times)
      : t('pop.answersEntry')
    : times
      ? t(arrangedBy(request.path) === null ? 'pop.asked' : 'pop.agreed', times)
      : t('pop.openEntry', { why: whyWords(t, desk, whyOf(entry, serverNow())) });
  const keep = (on: boolean) => {
    void keepOpen(call, entry.id, on).then(async done => {
      if (done) await queries.invalidateQueries({ queryKey: ['pop', call] });
    });
  };
  // The line says of what has closed only that it is gone; this call is the one that settles it.
  const served = gone && open.settled_by_this && !kept;
  return (
    <div className={styles.hint} data-hint={served ? 'served' : kept ? 'kept' : 'open'}>
      {served ? (
        <IconCircleCheck {...icon} />
      ) : answers ? (
        <IconPhoneCall {...icon} />
      ) : (
        <IconClock {...icon} />
      )}
      <p role="status">
        <b>{what}</b>{' '}
        {served
          ? t('pop.wasServed')
          : open.settled_by_this && !answers && live !== undefined && t(kept ? 'pop.keeps' : 'pop.settles')}
      </p>
      {served ? (
        <Button onClick={() => void takeBackServed(entry)}>{t('pop.takeBack')}</Button>
      ) : (
        open.settled_by_this &&
        live !== undefined &&
        // What was agreed upon in this call stays, until that is taken back.
        request?.agreed_in !== call && (
          <Button onClick={() => keep(!kept)}>{t(kept ? 'pop.letSettle' : 'pop.keepOpen')}</Button>
        )
      )}
      <Link to="/list/$entry" params={{ entry: entry.id }}>
        {t('pop.show')}
      </Link>
    </div>
  );
}
