import { KeyTable } from '@/features/keys';
import { SettingsPage } from '@/features/settings';

export function Settings() {
  return <SettingsPage keys={<KeyTable />} />;
}
