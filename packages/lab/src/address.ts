/** The addresses of the n-th host, and of the router in the host's subnet. Subnets are /24 and /64. */
export interface Addresses {
  readonly host: string;
  readonly host6: string;
  readonly router: string;
  readonly router6: string;
}

/** How many hosts a lab has addresses for. */
export const MAX_HOSTS = 254;

// They can be the same in every lab, and the same as the machine's own: no lab is connected to anything.
export function addresses(index: number): Addresses {
  return {
    host: `10.77.${index}.2`,
    host6: `fd77:0:0:${index.toString(16)}::2`,
    router: `10.77.${index}.1`,
    router6: `fd77:0:0:${index.toString(16)}::1`,
  };
}
