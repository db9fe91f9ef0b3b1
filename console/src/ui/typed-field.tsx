import { TextInput, type TextInputProps } from '@mantine/core';
import { useEffect, useState } from 'react';

/** What is typed becomes what is asked for after this, in milliseconds. */
const TYPED = 400;

interface TypedFieldProps extends Omit<TextInputProps, 'value' | 'onChange'> {
  value: string | undefined;
  onChange: (value: string) => void;
}

/** A field that asks once somebody rests. */
export function TypedField({ value, onChange, ...rest }: TypedFieldProps) {
  const [typed, setTyped] = useState({ of: value, text: value ?? '' });
  // What is chosen elsewhere (the button that clears, going back) stands in the field at once.
  if (typed.of !== value) setTyped({ of: value, text: value ?? '' });
  const { text } = typed;
  useEffect(() => {
    if (text.trim() === (value ?? '')) return;
    const timer = setTimeout(() => onChange(text), TYPED);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <TextInput
      {...rest}
      value={text}
      onChange={event => setTyped({ of: value, text: event.currentTarget.value })}
    />
  );
}
