import type { TFunction } from './speech';

/** The name under which the server knows whoever runs the installation. */
const OPERATOR = '(operator)';

/** Who did something: the name of an account, or that it was whoever runs the installation. */
export function byWhom(t: TFunction, account: string): string {
  return account === OPERATOR ? t('audit.operator') : account;
}
