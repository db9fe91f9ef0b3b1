import { type ButtonHTMLAttributes, type ReactNode, type Ref } from 'react';
import { Tooltip } from '@mantine/core';
import styles from './button.module.css';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary` is for the next thing to do, at most one in a view; `danger` for what cannot be taken back. */
  kind?: 'primary' | 'plain' | 'danger' | 'quiet';
  /** `row` inside rows, `field` beside fields. */
  size?: 'row' | 'filter' | 'field';
  wide?: boolean;
  icon?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({
  kind = 'plain',
  size = 'filter',
  wide,
  icon,
  className,
  children,
  ...rest
}: ButtonProps) {
  const names = [
    styles.button,
    kind !== 'plain' && styles[kind],
    size !== 'filter' && styles[size],
    wide && styles.wide,
    className,
  ];
  return (
    <button type="button" data-kind={kind} className={names.filter(Boolean).join(' ')} {...rest}>
      {icon}
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** What it does, for those who hear and for those who point. */
  label: string;
  small?: boolean;
  /** Where the tooltip stands. */
  side?: 'top' | 'bottom' | 'left' | 'right';
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({ label, small, side = 'bottom', className, children, ...rest }: IconButtonProps) {
  const names = [styles.icon, small && styles.small, className];
  return (
    <Tooltip label={label} position={side} openDelay={500}>
      <button type="button" aria-label={label} className={names.filter(Boolean).join(' ')} {...rest}>
        {children}
      </button>
    </Tooltip>
  );
}
