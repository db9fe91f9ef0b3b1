export { Bell } from './bell';
export { Dock } from './dock';
export { beginToTell } from './tell';
