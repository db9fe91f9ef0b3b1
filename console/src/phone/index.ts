export { FakePhone } from './fake';
export { PHONE_OFF, type Phone, type PhoneShown, type PhoneState } from './phone';
