import { readdirSync } from 'node:fs';
import js from '@eslint/js';
import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

const features = readdirSync(new URL('./src/features', import.meta.url));

/** What a part of the page may not import, with the reason. */
const forbid = (...patterns) => ({
  'no-restricted-imports': ['error', { patterns }],
});
const outwards = {
  group: ['@/features/*', '@/features/*/**', '@/app', '@/app/*'],
  message: 'A package knows no feature and not the frame: arrows point inwards.',
};
const raw = {
  group: ['../**'],
  message: 'Outside the own folder things are imported by their package: `@/ui`, `@/live` …',
};

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.ts'] },
  js.configs.recommended,
  ts.configs.strict,
  a11y.flatConfigs.recommended,
  hooks.configs.flat['recommended-latest'],
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // A grid's row is pressed by keys of the grid, and its cells hold what is pressed by itself.
      'jsx-a11y/no-noninteractive-element-interactions': 'off',
      'jsx-a11y/no-autofocus': ['error', { ignoreNonDOM: true }],
      'react-hooks/incompatible-library': 'off',
    },
  },
  {
    files: ['src/{api,entries,live,session,ui,i18n,past,phone,playback,keys,notices}/**'],
    rules: forbid(outwards, raw),
  },
  ...features.map(own => ({
    files: [`src/features/${own}/**`],
    rules: forbid(
      {
        group: ['@/features/*', '@/features/*/**'],
        message: 'A feature imports packages, never another feature.',
      },
      { group: ['@/app', '@/app/*'], message: 'The frame knows features, not the other way round.' },
      raw,
    ),
  })),
  {
    files: ['e2e/**', 'scripts/**', '*.config.*'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly' },
    },
    rules: { 'no-console': 'off' },
  },
);
