export { askedHere, useAnswerAsked } from './asked';
export { choosePhone, usePhoneChoices, type PhoneChoices } from './choices';
export { dial, isInternal, servicesToShow, useRedial } from './dial';
export { FakePhone } from './fake';
export { beginPhone, phone, usePhone } from './here';
export { PHONE_OFF, type Phone, type PhoneProblem, type PhoneShown, type PhoneState } from './phone';
export { meter, ring, ringThere } from './ringer';
export { workOutside } from './outside';
export { wish } from './wish';
