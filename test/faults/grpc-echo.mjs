// The service that the matrix of @lifeguard/grpc calls: `hang` is not answered, or only begun to be.
const encode = (words) => Buffer.from(JSON.stringify(words));
const decode = (bytes) => JSON.parse(bytes);

const method = (path, responseStream) => ({
  ...{ path, requestStream: false, responseStream },
  ...{ requestSerialize: encode, requestDeserialize: decode, responseSerialize: encode, responseDeserialize: decode },
});

export const ECHO = { say: method('/echo.Echo/Say', false), repeat: method('/echo.Echo/Repeat', true) };

export const IMPLEMENTATION = {
  say({ request }, answer) {
    if (request !== 'hang') answer(null, 'heard');
  },
  repeat(call) {
    call.write('begun');
  },
};
