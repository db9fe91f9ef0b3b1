import { type FarCall, type FarPhone, FarPhones } from './far-phones.ts';

/** A carrier with customers behind it, for a server that was started with its address. */
export class Carrier {
  readonly #far: FarPhones;
  readonly #phone: FarPhone;

  private constructor(far: FarPhones, phone: FarPhone) {
    [this.#far, this.#phone] = [far, phone];
  }

  static async open(): Promise<Carrier> {
    const far = FarPhones.start();
    try {
      return new Carrier(far, await far.carrier());
    } catch (thrown) {
      await far.stop();
      throw thrown;
    }
  }

  /** Address and port. */
  get at(): string {
    return this.#phone.at;
  }

  /** A customer calls, is answered, and stays on the line. */
  async calls(sip: string, from: string, to: string): Promise<FarCall> {
    const call = await this.#phone.dial(`sip:${to}@${sip}`, from);
    await call.answered();
    return call;
  }

  /** A customer calls and hangs up after a while, in milliseconds. */
  async callsAndHangsUp(sip: string, from: string, to: string, after: number): Promise<void> {
    const call = await this.calls(sip, from, to);
    await new Promise(resolve => setTimeout(resolve, after));
    await call.hangUp();
  }

  close(): Promise<void> {
    return this.#far.stop();
  }
}
