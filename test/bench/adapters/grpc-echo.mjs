/** The service that is called: it gives back what it is given. */
const bytes = { serialize: (text) => Buffer.from(text), deserialize: String };

export const ECHO = {
  say: {
    path: '/echo.Echo/Say',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes.serialize,
    requestDeserialize: bytes.deserialize,
    responseSerialize: bytes.serialize,
    responseDeserialize: bytes.deserialize,
  },
};

/** One call. */
export function saying(client) {
  return new Promise((resolve, reject) => {
    client.say('one', (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}
