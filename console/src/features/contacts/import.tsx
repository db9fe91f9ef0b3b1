import { given } from '@/api';
import { Dialog } from '@/ui/dialog';
import { FileButton } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { type TFunction, useTranslation } from '@/i18n';
import { numberWords, refusedWords, say } from '@/notices';
import { Actions, Button, Problem, Stack } from '@/ui';
import styles from './contacts.module.css';
import { decode, linesOf } from './file';
import { type Duplicates, type FileShown, bring } from './wishes';

/** Contacts from a file: first what would happen, line by line, then all of it or nothing. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [text, setText] = useState<string | null>(null);
  const again = useRef<() => void>(null);
  const [name, setName] = useState<string | null>(null);
  const [asGb, setAsGb] = useState(false);
  const [duplicates, setDuplicates] = useState<Duplicates>('skip');
  const [seen, setSeen] = useState<FileShown | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const run = async (csv: string, known: Duplicates, preview: boolean) => {
    setBusy(true);
    setProblem(null);
    try {
      const shown = await bring(csv, known, preview);
      setSeen(shown);
      if (shown.done) {
        const words = { made: shown.made.length, merged: shown.merged.length };
        say({ kind: 'done', title: t => t('contacts.imported', words) });
        await queries.invalidateQueries({ queryKey: ['contacts'] });
        onClose();
      }
    } catch (thrown) {
      setSeen(null);
      setProblem(t('contacts.importFailed', { words: refusedWords(thrown) }));
    }
    setBusy(false);
  };
  const choose = async (file: File) => {
    setSeen(null);
    setText(null);
    setProblem(null);
    setName(file.name);
    const read = decode(new Uint8Array(await file.arrayBuffer()));
    if (read.kind !== 'text') {
      setProblem(t(read.kind === 'too_large' ? 'contacts.tooLarge' : 'contacts.unreadable'));
      return;
    }
    setText(read.text);
    setAsGb(read.asGb);
    await run(read.text, duplicates, true);
  };
  const change = (known: Duplicates) => {
    setDuplicates(known);
    if (text !== null) void run(text, known, true);
  };
  const ready = seen !== null && seen.problems.length === 0 && seen.made.length + seen.merged.length > 0;
  return (
    <Dialog onClose={onClose} size="lg" title={t('contacts.importTitle')}>
      <Stack>
        <p className={styles.words}>{t('contacts.importWords')}</p>
        <div className={styles.field}>
          <div className={styles.file}>
            <FileButton
              accept=".csv,.txt,text/csv,text/plain"
              resetRef={again}
              onChange={file => {
                // So that the same file can be chosen again, mended.
                again.current?.();
                if (file !== null) void choose(file);
              }}
            >
              {({ onClick }) => (
                <Button size="field" aria-describedby="contacts-file-name" data-autofocus onClick={onClick}>
                  {t('contacts.chooseFile')}
                </Button>
              )}
            </FileButton>
            <span id="contacts-file-name" role="status">
              {name ?? t('contacts.noFile')}
            </span>
          </div>
          {asGb && text !== null && <small>{t('contacts.asGb')}</small>}
        </div>
        <fieldset className={styles.radios}>
          <legend>{t('contacts.duplicates')}</legend>
          {(['skip', 'merge'] as const).map(one => (
            <label key={one}>
              <input
                type="radio"
                name="duplicates"
                checked={duplicates === one}
                onChange={() => change(one)}
              />
              {t(one === 'skip' ? 'contacts.skip' : 'contacts.mergeThem')}
            </label>
          ))}
        </fieldset>
        {problem !== null && <Problem>{problem}</Problem>}
        {seen !== null && <Preview seen={seen} />}
      </Stack>
      <Actions>
        <Button onClick={onClose}>{t('contacts.cancel')}</Button>
        <Button
          kind="primary"
          disabled={!ready || busy || text === null}
          onClick={() => text !== null && void run(text, duplicates, false)}
        >
          {ready
            ? t('contacts.importDo', { count: seen.made.length + seen.merged.length })
            : t('contacts.import')}
        </Button>
      </Actions>
    </Dialog>
  );
}

const COLUMNS = ['name', 'numbers', 'company', 'email', 'language', 'zone', 'tags', 'note'] as const;

/** What a column is called here: the server names the place in it, too. */
function columnWords(t: TFunction, column: string): string {
  const known = COLUMNS.find(one => column.startsWith(one));
  return known === undefined ? column : known === 'note' ? t('contacts.notes') : t(`contacts.${known}`);
}

function Preview({ seen }: { seen: FileShown }) {
  const { t } = useTranslation();
  const counts: [string, readonly number[]][] = [
    [t('contacts.willMake', { count: seen.made.length }), seen.made],
    [t('contacts.willMerge', { count: seen.merged.length }), seen.merged],
    [t('contacts.willSkip', { count: seen.skipped.length }), seen.skipped],
    [t('contacts.unclear', { count: seen.unclear.length }), seen.unclear],
  ];
  return (
    <section data-preview>
      <h3>{t('contacts.preview')}</h3>
      <div role="status">
        <ul className={styles.counts}>
          {counts
            .filter(([, lines]) => lines.length > 0)
            .map(([words, lines]) => (
              <li key={words}>
                {words}{' '}
                <small>
                  {lines.length === 1
                    ? t('contacts.line', { line: lines[0] ?? 0 })
                    : t('contacts.lines', { lines: linesOf(lines) })}
                </small>
              </li>
            ))}
        </ul>
      </div>
      {seen.problems.length > 0 && (
        <>
          <Problem>{t('contacts.problems')}</Problem>
          <ul className={styles.problems}>
            {seen.problems.map((one, index) => (
              <li key={index}>
                <b>{t('contacts.line', { line: one.line })}</b>{' '}
                {given(one.column) && <span>{columnWords(t, one.column)}</span>}{' '}
                {numberWords(one.message) ?? one.message}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
