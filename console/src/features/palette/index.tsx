import '@/ui/dialog';
import '@mantine/spotlight/styles.layer.css';
import './palette.css';
import {
  Spotlight,
  type SpotlightActionData,
  type SpotlightActionGroupData,
  spotlight,
} from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import { numberOf, useNamesFor, whyOf, whyWords } from '@/entries';
import { useTranslation } from '@/i18n';
import { type Entry, compare, isOpen, serverNow, useLive, useNames } from '@/live';
import { useFocusBack } from '@/ui';

/** Something that can be chosen. */
export interface Command {
  id: string;
  label: string;
  icon?: ReactNode;
  /** Other words by which it is found. */
  also?: string;
  do: () => void;
}

interface PaletteProps {
  pages: Command[];
  actions: Command[];
  onOpenEntry: (id: string) => void;
  onClose: () => void;
}

/** So many entries are offered. */
const MOST = 8;

const plain = (text: string) => text.toLowerCase().replaceAll(/[\s()+-]/g, '');

/** One letter is too little to look for, but one character may be a family name. */
const isEnough = (wanted: string) => wanted.length > 1 || /\p{Script=Han}/u.test(wanted);

/** Jumps to a page, a state or an entry. It is on the page only while it is open. */
export function Palette({ pages, actions, onOpenEntry, onClose }: PaletteProps) {
  const { t } = useTranslation();
  const desk = useNames(names => names.desk);
  const [query, setQuery] = useState('');
  useEffect(() => spotlight.open(), []);
  useFocusBack();

  const nameOf = useNamesFor(query);
  const wanted = plain(query);
  const fits = (command: Command) => plain(`${command.label} ${command.also ?? ''}`).includes(wanted);
  const shown = (command: Command): SpotlightActionData => ({
    id: command.id,
    label: command.label,
    leftSection: command.icon,
    onClick: command.do,
  });
  const found = (entry: Entry): SpotlightActionData => ({
    id: entry.id,
    label: nameOf(entry) ?? numberOf(t, entry),
    description: [nameOf(entry) !== null && numberOf(t, entry), whyWords(t, desk, whyOf(entry, serverNow()))]
      .filter(Boolean)
      .join(' · '),
    onClick: () => onOpenEntry(entry.id),
  });
  const entries = !isEnough(wanted)
    ? []
    : [...useLive.getState().entries.values()]
        .filter(
          entry => isOpen(entry) && plain(`${nameOf(entry) ?? ''} ${numberOf(t, entry)}`).includes(wanted),
        )
        .sort(compare)
        .slice(0, MOST);
  const groups: SpotlightActionGroupData[] = [
    { group: t('palette.entries'), actions: entries.map(found) },
    { group: t('palette.pages'), actions: pages.filter(fits).map(shown) },
    { group: t('palette.actions'), actions: actions.filter(fits).map(shown) },
  ];
  return (
    <Spotlight
      actions={groups.filter(group => group.actions.length > 0)}
      filter={(_, all) => all}
      query={query}
      onQueryChange={setQuery}
      nothingFound={t('palette.nothing')}
      shortcut={null}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      overlayProps={{ blur: 0 }}
      attributes={{ header: { role: 'presentation' } }}
      onSpotlightClose={onClose}
      title={t('palette.label')}
      searchProps={{
        placeholder: t('palette.placeholder'),
        'aria-label': t('palette.label'),
        leftSection: <IconSearch size={18} aria-hidden />,
      }}
    />
  );
}
