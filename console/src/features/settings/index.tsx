import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Switch.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import '@mantine/core/styles/Slider.layer.css';
import '@mantine/core/styles/FloatingIndicator.layer.css';
import '@mantine/core/styles/SegmentedControl.layer.css';
import { SegmentedControl } from '@mantine/core';
import { type ReactNode } from 'react';
import { LANGUAGES, type Language, setLanguage, useLanguage, useTranslation } from '@/i18n';
import { type Scheme, useScheme, useTitle } from '@/ui';
import { useMyAgent } from '@/live';
import { Notices } from './notices';
import { Password } from './password';
import { PhonePlace } from './phone';
import styles from './settings.module.css';

/** What somebody chooses for themselves. `keys` is the table of keys. */
export function SettingsPage({ keys }: { keys: ReactNode }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const outside = useMyAgent()?.outside;
  const { chosen, choose } = useScheme();
  useTitle(t('settings.title'));
  return (
    <>
      <header className={styles.head}>
        <h1>{t('settings.title')}</h1>
      </header>
      <div className={styles.page}>
        <Section title={t('settings.look')}>
          <div className={styles.fields}>
            <Choice label={t('settings.language')}>
              <SegmentedControl
                aria-label={t('settings.language')}
                value={language}
                onChange={value => setLanguage(value as Language)}
                data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
              />
            </Choice>
            <Choice label={t('settings.theme')}>
              <SegmentedControl
                aria-label={t('settings.theme')}
                value={chosen}
                onChange={value => choose(value as Scheme)}
                data={[
                  { value: 'light', label: t('header.light') },
                  { value: 'dark', label: t('header.dark') },
                  { value: 'auto', label: t('header.system') },
                ]}
              />
            </Choice>
            <p className={styles.hint}>{t('settings.saved')}</p>
          </div>
        </Section>
        {typeof outside === 'boolean' && (
          <Section title={t('settings.phone')}>
            <PhonePlace outside={outside} />
          </Section>
        )}
        <Section title={t('settings.notices')}>
          <Notices />
        </Section>
        <Section title={t('settings.password')}>
          <Password />
        </Section>
        <Section title={t('settings.keys')}>{keys}</Section>
      </div>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.section}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Choice({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <span className={styles.label} aria-hidden>
        {label}
      </span>
      {children}
    </div>
  );
}
