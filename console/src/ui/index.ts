export { giveFocusBack, useFocusBack, useFocusOnPage, watchFocus } from './focus';
export { Button, IconButton } from './button';
export { Actions, Avatar, Badge, Chip, Empty, Glyph, KeyCap, Problem, Stack, type Tone } from './parts';
export { Themed, markScheme, useScheme, type Scheme } from './theme';
export { Room, useRoom, useRoomOf, useWidth, type Width } from './media';
export { Mark } from './mark';
export { useRangeWith } from './rows';
export { usePage, useTitle } from './title';
