import type { Random } from './random.js';
import type { Stage } from './stage.js';

/** Something that happens to the service's database, and ends again. */
export interface Fault {
  readonly name: string;
  /** Since the one before was over. */
  readonly comesAfterMillis: number;
  /** Until it is healed. */
  readonly lastsMillis: number;
  apply(stage: Stage): Promise<unknown>;
  /** Resolves when it is over: the packets arrive, the process runs, the server accepts connections. */
  heal(stage: Stage): Promise<unknown>;
}

type Kind = Omit<Fault, 'comesAfterMillis' | 'lastsMillis'> & {
  /** How many of them are in a deck. */
  readonly copies: number;
  readonly mostMillis: number;
};

const PAUSE = { least: 100, most: 800 };

const nothing = async () => {};

const KINDS: readonly Kind[] = [
  {
    name: 'cut both ways',
    copies: 2,
    mostMillis: 4000,
    apply: ({ cable }) => cable.cut(),
    heal: ({ cable }) => cable.heal(),
  },
  {
    name: 'cut towards the server',
    copies: 1,
    mostMillis: 4000,
    apply: ({ cable }) => cable.drop({ direction: 'app->db' }),
    heal: ({ cable }) => cable.heal(),
  },
  {
    name: 'cut towards the client',
    copies: 1,
    mostMillis: 4000,
    apply: ({ cable }) => cable.drop({ direction: 'db->app' }),
    heal: ({ cable }) => cable.heal(),
  },
  {
    name: 'server killed',
    copies: 2,
    mostMillis: 2000,
    apply: ({ postgres }) => postgres.kill(),
    heal: ({ postgres }) => postgres.restart(),
  },
  {
    name: 'one server process killed',
    copies: 1,
    mostMillis: 0,
    apply: ({ observer }) => observer.call('crash'),
    heal: ({ observer }) => observer.call('untilAccepting'),
  },
  {
    name: 'some connections terminated',
    copies: 1,
    mostMillis: 0,
    apply: ({ observer }) => observer.call('terminateSome'),
    heal: nothing,
  },
  {
    name: 'server frozen',
    copies: 2,
    mostMillis: 3000,
    apply: ({ postgres }) => postgres.freeze(),
    heal: ({ postgres }) => postgres.thaw(),
  },
];

/** So many faults: every kind in every ten, in random order, and each for a random time. */
export function* faults(count: number, random: Random): Generator<Fault> {
  const deck = KINDS.flatMap((kind) => Array.from({ length: kind.copies }, () => kind));
  let hand: Kind[] = [];
  for (let dealt = 0; dealt < count; dealt += 1) {
    if (hand.length === 0) hand = random.shuffle(deck);
    const kind = hand.pop();
    if (kind === undefined) return;
    const comesAfterMillis = random.between(PAUSE.least, PAUSE.most);
    yield { ...kind, comesAfterMillis, lastsMillis: random.between(0, kind.mostMillis) };
  }
}
