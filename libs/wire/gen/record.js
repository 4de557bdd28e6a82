/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError, $TypeError = $util.global.TypeError, $Number = $util.global.Number, $String = $util.global.String, $parseInt = $util.global.parseInt, $Array = $util.global.Array, $BigInt = $util.global.BigInt, $Boolean = $util.global.Boolean;

// Exported root namespace
const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const meridian = $root.meridian = (() => {

    /**
     * Namespace meridian.
     * @exports meridian
     * @namespace
     */
    const meridian = {};

    meridian.v1 = (function() {

        /**
         * Namespace v1.
         * @memberof meridian
         * @namespace
         */
        const v1 = {};

        v1.Record = (function() {

            /**
             * Properties of a Record.
             * @typedef {Object} meridian.v1.Record.$Properties
             * @property {number} [schema] Record schema
             * @property {string} [writer] Record writer
             * @property {string} [replicationId] Record replicationId
             * @property {Long} [firstOffset] Record firstOffset
             * @property {Long} [lastOffset] Record lastOffset
             * @property {Array.<meridian.v1.Frame.$Properties>} [frames] Record frames
             * @property {number} [policies] Record policies
             * @property {number} [policyVersion] Record policyVersion
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Record.
             * @memberof meridian.v1
             * @interface IRecord
             * @augments meridian.v1.Record.$Properties
             * @deprecated Use meridian.v1.Record.$Properties instead.
             */

            /**
             * Shape of a Record.
             * @typedef {meridian.v1.Record.$Properties} meridian.v1.Record.$Shape
             */

            /**
             * Constructs a new Record.
             * @memberof meridian.v1
             * @classdesc Represents a Record.
             * @constructor
             * @param {meridian.v1.Record.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Record = function (properties) {
                this.frames = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Record schema.
             * @member {number} schema
             * @memberof meridian.v1.Record
             * @instance
             */
            Record.prototype.schema = 0;

            /**
             * Record writer.
             * @member {string} writer
             * @memberof meridian.v1.Record
             * @instance
             */
            Record.prototype.writer = "";

            /**
             * Record replicationId.
             * @member {string} replicationId
             * @memberof meridian.v1.Record
             * @instance
             */
            Record.prototype.replicationId = "";

            /**
             * Record firstOffset.
             * @member {Long} firstOffset
             * @memberof meridian.v1.Record
             * @instance
             */
            Record.prototype.firstOffset = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Record lastOffset.
             * @member {Long} lastOffset
             * @memberof meridian.v1.Record
             * @instance
             */
            Record.prototype.lastOffset = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Record frames.
             * @member {Array.<meridian.v1.Frame>} frames
             * @memberof meridian.v1.Record
             * @instance
             */
            Record.prototype.frames = $util.emptyArray;

            /**
             * Record policies.
             * @member {number} policies
             * @memberof meridian.v1.Record
             * @instance
             */
            Record.prototype.policies = 0;

            /**
             * Record policyVersion.
             * @member {number} policyVersion
             * @memberof meridian.v1.Record
             * @instance
             */
            Record.prototype.policyVersion = 0;

            /**
             * Creates a new Record instance using the specified properties.
             * @function create
             * @memberof meridian.v1.Record
             * @static
             * @param {meridian.v1.Record.$Properties=} [properties] Properties to set
             * @returns {meridian.v1.Record} Record instance
             * @type {{
             *   (properties: meridian.v1.Record.$Shape): meridian.v1.Record & meridian.v1.Record.$Shape;
             *   (properties?: meridian.v1.Record.$Properties): meridian.v1.Record;
             * }}
             */
            Record.create = function(properties) {
                return new Record(properties);
            };

            /**
             * Encodes the specified Record message. Does not implicitly {@link meridian.v1.Record.verify|verify} messages.
             * @function encode
             * @memberof meridian.v1.Record
             * @static
             * @param {meridian.v1.Record.$Properties} message Record message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Record.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.schema != null && $Object.hasOwnProperty.call(message, "schema") && message.schema !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.schema);
                if (message.writer != null && $Object.hasOwnProperty.call(message, "writer") && message.writer !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.writer);
                if (message.replicationId != null && $Object.hasOwnProperty.call(message, "replicationId") && message.replicationId !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.replicationId);
                if (message.firstOffset != null && $Object.hasOwnProperty.call(message, "firstOffset") && (typeof message.firstOffset === "object" ? message.firstOffset.low || message.firstOffset.high : message.firstOffset !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.firstOffset);
                if (message.lastOffset != null && $Object.hasOwnProperty.call(message, "lastOffset") && (typeof message.lastOffset === "object" ? message.lastOffset.low || message.lastOffset.high : message.lastOffset !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.lastOffset);
                if (message.frames != null && message.frames.length)
                    for (let i = 0; i < message.frames.length; ++i)
                        $root.meridian.v1.Frame.encode(message.frames[i], writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.policies != null && $Object.hasOwnProperty.call(message, "policies") && message.policies !== 0)
                    writer.uint32(/* id 7, wireType 5 =*/61).fixed32(message.policies);
                if (message.policyVersion != null && $Object.hasOwnProperty.call(message, "policyVersion") && message.policyVersion !== 0)
                    writer.uint32(/* id 8, wireType 0 =*/64).uint32(message.policyVersion);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Record message from the specified reader or buffer.
             * @function decode
             * @memberof meridian.v1.Record
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {meridian.v1.Record & meridian.v1.Record.$Shape} Record
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Record.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.meridian.v1.Record();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.schema = value;
                            else
                                delete message.schema;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.writer = value;
                            else
                                delete message.writer;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.replicationId = value;
                            else
                                delete message.replicationId;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.firstOffset = value;
                            else
                                delete message.firstOffset;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.lastOffset = value;
                            else
                                delete message.lastOffset;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if (!(message.frames && message.frames.length))
                                message.frames = [];
                            message.frames.push($root.meridian.v1.Frame.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 7: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.policies = value;
                            else
                                delete message.policies;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.policyVersion = value;
                            else
                                delete message.policyVersion;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Creates a Record message from a plain object. Also converts values to their respective internal types.
             * @function fromObject
             * @memberof meridian.v1.Record
             * @static
             * @param {Object.<string,*>} object Plain object
             * @returns {meridian.v1.Record} Record
             */
            Record.fromObject = function (object, _depth) {
                if (object instanceof $root.meridian.v1.Record)
                    return object;
                if (!$util.isObject(object))
                    throw $TypeError(".meridian.v1.Record: object expected");
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let message = new $root.meridian.v1.Record();
                if (object.schema != null)
                    if ($Number(object.schema) !== 0)
                        message.schema = object.schema >>> 0;
                if (object.writer != null)
                    if (typeof object.writer !== "string" || object.writer.length)
                        message.writer = $String(object.writer);
                if (object.replicationId != null)
                    if (typeof object.replicationId !== "string" || object.replicationId.length)
                        message.replicationId = $String(object.replicationId);
                if (object.firstOffset != null)
                    if (typeof object.firstOffset === "object" ? object.firstOffset.low || object.firstOffset.high : $Number(object.firstOffset) !== 0)
                        if ($util.Long)
                            message.firstOffset = $util.Long.fromValue(object.firstOffset, true);
                        else if (typeof object.firstOffset === "string")
                            message.firstOffset = $parseInt(object.firstOffset, 10);
                        else if (typeof object.firstOffset === "number")
                            message.firstOffset = object.firstOffset;
                        else if (typeof object.firstOffset === "object")
                            message.firstOffset = new $util.LongBits(object.firstOffset.low >>> 0, object.firstOffset.high >>> 0).toNumber(true);
                if (object.lastOffset != null)
                    if (typeof object.lastOffset === "object" ? object.lastOffset.low || object.lastOffset.high : $Number(object.lastOffset) !== 0)
                        if ($util.Long)
                            message.lastOffset = $util.Long.fromValue(object.lastOffset, true);
                        else if (typeof object.lastOffset === "string")
                            message.lastOffset = $parseInt(object.lastOffset, 10);
                        else if (typeof object.lastOffset === "number")
                            message.lastOffset = object.lastOffset;
                        else if (typeof object.lastOffset === "object")
                            message.lastOffset = new $util.LongBits(object.lastOffset.low >>> 0, object.lastOffset.high >>> 0).toNumber(true);
                if (object.frames) {
                    if (!$Array.isArray(object.frames))
                        throw $TypeError(".meridian.v1.Record.frames: array expected");
                    message.frames = $Array(object.frames.length);
                    for (let i = 0; i < object.frames.length; ++i) {
                        if (!$util.isObject(object.frames[i]))
                            throw $TypeError(".meridian.v1.Record.frames: object expected");
                        message.frames[i] = $root.meridian.v1.Frame.fromObject(object.frames[i], _depth + 1);
                    }
                }
                if (object.policies != null)
                    if ($Number(object.policies) !== 0)
                        message.policies = object.policies >>> 0;
                if (object.policyVersion != null)
                    if ($Number(object.policyVersion) !== 0)
                        message.policyVersion = object.policyVersion >>> 0;
                return message;
            };

            /**
             * Creates a plain object from a Record message. Also converts values to other types if specified.
             * @function toObject
             * @memberof meridian.v1.Record
             * @static
             * @param {meridian.v1.Record} message Record
             * @param {$protobuf.IConversionOptions} [options] Conversion options
             * @returns {Object.<string,*>} Plain object
             */
            Record.toObject = function (message, options, _depth) {
                if (!options)
                    options = {};
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.frames = [];
                if (options.defaults) {
                    object.schema = 0;
                    object.writer = "";
                    object.replicationId = "";
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.firstOffset = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.firstOffset = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.lastOffset = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.lastOffset = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                    object.policies = 0;
                    object.policyVersion = 0;
                }
                if (message.schema != null && $Object.hasOwnProperty.call(message, "schema"))
                    object.schema = message.schema;
                if (message.writer != null && $Object.hasOwnProperty.call(message, "writer"))
                    object.writer = message.writer;
                if (message.replicationId != null && $Object.hasOwnProperty.call(message, "replicationId"))
                    object.replicationId = message.replicationId;
                if (message.firstOffset != null && $Object.hasOwnProperty.call(message, "firstOffset"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.firstOffset = typeof message.firstOffset === "number" ? $BigInt(message.firstOffset) : $util.Long.fromBits(message.firstOffset.low >>> 0, message.firstOffset.high >>> 0, true).toBigInt();
                    else if (typeof message.firstOffset === "number")
                        object.firstOffset = options.longs === $String ? $String(message.firstOffset) : message.firstOffset;
                    else
                        object.firstOffset = options.longs === $String ? $util.Long.prototype.toString.call(message.firstOffset) : options.longs === $Number ? new $util.LongBits(message.firstOffset.low >>> 0, message.firstOffset.high >>> 0).toNumber(true) : message.firstOffset;
                if (message.lastOffset != null && $Object.hasOwnProperty.call(message, "lastOffset"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.lastOffset = typeof message.lastOffset === "number" ? $BigInt(message.lastOffset) : $util.Long.fromBits(message.lastOffset.low >>> 0, message.lastOffset.high >>> 0, true).toBigInt();
                    else if (typeof message.lastOffset === "number")
                        object.lastOffset = options.longs === $String ? $String(message.lastOffset) : message.lastOffset;
                    else
                        object.lastOffset = options.longs === $String ? $util.Long.prototype.toString.call(message.lastOffset) : options.longs === $Number ? new $util.LongBits(message.lastOffset.low >>> 0, message.lastOffset.high >>> 0).toNumber(true) : message.lastOffset;
                if (message.frames && message.frames.length) {
                    object.frames = $Array(message.frames.length);
                    for (let j = 0; j < message.frames.length; ++j)
                        object.frames[j] = $root.meridian.v1.Frame.toObject(message.frames[j], options, _depth + 1);
                }
                if (message.policies != null && $Object.hasOwnProperty.call(message, "policies"))
                    object.policies = message.policies;
                if (message.policyVersion != null && $Object.hasOwnProperty.call(message, "policyVersion"))
                    object.policyVersion = message.policyVersion;
                return object;
            };

            /**
             * Converts this Record to JSON.
             * @function toJSON
             * @memberof meridian.v1.Record
             * @instance
             * @returns {Object.<string,*>} JSON object
             */
            Record.prototype.toJSON = function() {
                return Record.toObject(this, $protobuf.util.toJSONOptions);
            };

            /**
             * Gets the type url for Record
             * @function getTypeUrl
             * @memberof meridian.v1.Record
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Record.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/meridian.v1.Record";
            };

            return Record;
        })();

        v1.Frame = (function() {

            /**
             * Properties of a Frame.
             * @typedef {Object} meridian.v1.Frame.$Properties
             * @property {Long} [previous] Frame previous
             * @property {Long} [first] Frame first
             * @property {Long} [last] Frame last
             * @property {number} [mutations] Frame mutations
             * @property {Array.<string>} [writers] Frame writers
             * @property {Array.<Long>} [context] Frame context
             * @property {Uint8Array} [rows] Frame rows
             * @property {number} [checksum] Frame checksum
             * @property {boolean} [single] Frame single
             * @property {Long} [settledMs] Frame settledMs
             * @property {meridian.v1.Absence.$Properties} [absence] Frame absence
             * @property {meridian.v1.PolicySaid.$Properties} [policy] Frame policy
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Frame.
             * @memberof meridian.v1
             * @interface IFrame
             * @augments meridian.v1.Frame.$Properties
             * @deprecated Use meridian.v1.Frame.$Properties instead.
             */

            /**
             * Shape of a Frame.
             * @typedef {meridian.v1.Frame.$Properties} meridian.v1.Frame.$Shape
             */

            /**
             * Constructs a new Frame.
             * @memberof meridian.v1
             * @classdesc Represents a Frame.
             * @constructor
             * @param {meridian.v1.Frame.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Frame = function (properties) {
                this.writers = [];
                this.context = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Frame previous.
             * @member {Long} previous
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.previous = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Frame first.
             * @member {Long} first
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.first = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Frame last.
             * @member {Long} last
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.last = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Frame mutations.
             * @member {number} mutations
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.mutations = 0;

            /**
             * Frame writers.
             * @member {Array.<string>} writers
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.writers = $util.emptyArray;

            /**
             * Frame context.
             * @member {Array.<Long>} context
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.context = $util.emptyArray;

            /**
             * Frame rows.
             * @member {Uint8Array} rows
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.rows = $util.newBuffer([]);

            /**
             * Frame checksum.
             * @member {number} checksum
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.checksum = 0;

            /**
             * Frame single.
             * @member {boolean} single
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.single = false;

            /**
             * Frame settledMs.
             * @member {Long} settledMs
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.settledMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Frame absence.
             * @member {meridian.v1.Absence} absence
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.absence = null;

            /**
             * Frame policy.
             * @member {meridian.v1.PolicySaid} policy
             * @memberof meridian.v1.Frame
             * @instance
             */
            Frame.prototype.policy = null;

            /**
             * Creates a new Frame instance using the specified properties.
             * @function create
             * @memberof meridian.v1.Frame
             * @static
             * @param {meridian.v1.Frame.$Properties=} [properties] Properties to set
             * @returns {meridian.v1.Frame} Frame instance
             * @type {{
             *   (properties: meridian.v1.Frame.$Shape): meridian.v1.Frame & meridian.v1.Frame.$Shape;
             *   (properties?: meridian.v1.Frame.$Properties): meridian.v1.Frame;
             * }}
             */
            Frame.create = function(properties) {
                return new Frame(properties);
            };

            /**
             * Encodes the specified Frame message. Does not implicitly {@link meridian.v1.Frame.verify|verify} messages.
             * @function encode
             * @memberof meridian.v1.Frame
             * @static
             * @param {meridian.v1.Frame.$Properties} message Frame message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Frame.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.previous != null && $Object.hasOwnProperty.call(message, "previous") && (typeof message.previous === "object" ? message.previous.low || message.previous.high : message.previous !== 0))
                    writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.previous);
                if (message.first != null && $Object.hasOwnProperty.call(message, "first") && (typeof message.first === "object" ? message.first.low || message.first.high : message.first !== 0))
                    writer.uint32(/* id 2, wireType 1 =*/17).fixed64(message.first);
                if (message.last != null && $Object.hasOwnProperty.call(message, "last") && (typeof message.last === "object" ? message.last.low || message.last.high : message.last !== 0))
                    writer.uint32(/* id 3, wireType 1 =*/25).fixed64(message.last);
                if (message.mutations != null && $Object.hasOwnProperty.call(message, "mutations") && message.mutations !== 0)
                    writer.uint32(/* id 4, wireType 0 =*/32).uint32(message.mutations);
                if (message.writers != null && message.writers.length)
                    for (let i = 0; i < message.writers.length; ++i)
                        writer.uint32(/* id 5, wireType 2 =*/42).string(message.writers[i]);
                if (message.context != null && message.context.length)
                    writer.uint32(/* id 6, wireType 2 =*/50).fixed64s(message.context);
                if (message.rows != null && $Object.hasOwnProperty.call(message, "rows") && message.rows.length)
                    writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.rows);
                if (message.checksum != null && $Object.hasOwnProperty.call(message, "checksum") && message.checksum !== 0)
                    writer.uint32(/* id 8, wireType 5 =*/69).fixed32(message.checksum);
                if (message.single != null && $Object.hasOwnProperty.call(message, "single") && message.single !== false)
                    writer.uint32(/* id 9, wireType 0 =*/72).bool(message.single);
                if (message.settledMs != null && $Object.hasOwnProperty.call(message, "settledMs") && (typeof message.settledMs === "object" ? message.settledMs.low || message.settledMs.high : message.settledMs !== 0))
                    writer.uint32(/* id 10, wireType 0 =*/80).uint64(message.settledMs);
                if (message.absence != null && $Object.hasOwnProperty.call(message, "absence"))
                    $root.meridian.v1.Absence.encode(message.absence, writer.uint32(/* id 11, wireType 2 =*/90).fork(), _depth + 1).ldelim();
                if (message.policy != null && $Object.hasOwnProperty.call(message, "policy"))
                    $root.meridian.v1.PolicySaid.encode(message.policy, writer.uint32(/* id 12, wireType 2 =*/98).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Frame message from the specified reader or buffer.
             * @function decode
             * @memberof meridian.v1.Frame
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {meridian.v1.Frame & meridian.v1.Frame.$Shape} Frame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Frame.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.meridian.v1.Frame();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.previous = value;
                            else
                                delete message.previous;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.first = value;
                            else
                                delete message.first;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.last = value;
                            else
                                delete message.last;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.mutations = value;
                            else
                                delete message.mutations;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if (!(message.writers && message.writers.length))
                                message.writers = [];
                            message.writers.push(reader.stringVerify());
                            continue;
                        }
                    case 6: {
                            if (wireType === 2) {
                                if (!(message.context && message.context.length))
                                    message.context = [];
                                reader.fixed64s(message.context);
                                continue;
                            }
                            if (wireType !== 1)
                                break;
                            if (!(message.context && message.context.length))
                                message.context = [];
                            message.context.push(reader.fixed64());
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.rows = value;
                            else
                                delete message.rows;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 5)
                                break;
                            if (value = reader.fixed32())
                                message.checksum = value;
                            else
                                delete message.checksum;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.single = value;
                            else
                                delete message.single;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.settledMs = value;
                            else
                                delete message.settledMs;
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            message.absence = $root.meridian.v1.Absence.decode(reader, reader.size(), $undefined, _depth + 1, message.absence);
                            continue;
                        }
                    case 12: {
                            if (wireType !== 2)
                                break;
                            message.policy = $root.meridian.v1.PolicySaid.decode(reader, reader.size(), $undefined, _depth + 1, message.policy);
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Creates a Frame message from a plain object. Also converts values to their respective internal types.
             * @function fromObject
             * @memberof meridian.v1.Frame
             * @static
             * @param {Object.<string,*>} object Plain object
             * @returns {meridian.v1.Frame} Frame
             */
            Frame.fromObject = function (object, _depth) {
                if (object instanceof $root.meridian.v1.Frame)
                    return object;
                if (!$util.isObject(object))
                    throw $TypeError(".meridian.v1.Frame: object expected");
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let message = new $root.meridian.v1.Frame();
                if (object.previous != null)
                    if (typeof object.previous === "object" ? object.previous.low || object.previous.high : $Number(object.previous) !== 0)
                        if ($util.Long)
                            message.previous = $util.Long.fromValue(object.previous, true);
                        else if (typeof object.previous === "string")
                            message.previous = $parseInt(object.previous, 10);
                        else if (typeof object.previous === "number")
                            message.previous = object.previous;
                        else if (typeof object.previous === "object")
                            message.previous = new $util.LongBits(object.previous.low >>> 0, object.previous.high >>> 0).toNumber(true);
                if (object.first != null)
                    if (typeof object.first === "object" ? object.first.low || object.first.high : $Number(object.first) !== 0)
                        if ($util.Long)
                            message.first = $util.Long.fromValue(object.first, true);
                        else if (typeof object.first === "string")
                            message.first = $parseInt(object.first, 10);
                        else if (typeof object.first === "number")
                            message.first = object.first;
                        else if (typeof object.first === "object")
                            message.first = new $util.LongBits(object.first.low >>> 0, object.first.high >>> 0).toNumber(true);
                if (object.last != null)
                    if (typeof object.last === "object" ? object.last.low || object.last.high : $Number(object.last) !== 0)
                        if ($util.Long)
                            message.last = $util.Long.fromValue(object.last, true);
                        else if (typeof object.last === "string")
                            message.last = $parseInt(object.last, 10);
                        else if (typeof object.last === "number")
                            message.last = object.last;
                        else if (typeof object.last === "object")
                            message.last = new $util.LongBits(object.last.low >>> 0, object.last.high >>> 0).toNumber(true);
                if (object.mutations != null)
                    if ($Number(object.mutations) !== 0)
                        message.mutations = object.mutations >>> 0;
                if (object.writers) {
                    if (!$Array.isArray(object.writers))
                        throw $TypeError(".meridian.v1.Frame.writers: array expected");
                    message.writers = $Array(object.writers.length);
                    for (let i = 0; i < object.writers.length; ++i)
                        message.writers[i] = $String(object.writers[i]);
                }
                if (object.context) {
                    if (!$Array.isArray(object.context))
                        throw $TypeError(".meridian.v1.Frame.context: array expected");
                    message.context = $Array(object.context.length);
                    for (let i = 0; i < object.context.length; ++i)
                        if ($util.Long)
                            message.context[i] = $util.Long.fromValue(object.context[i], true);
                        else if (typeof object.context[i] === "string")
                            message.context[i] = $parseInt(object.context[i], 10);
                        else if (typeof object.context[i] === "number")
                            message.context[i] = object.context[i];
                        else if (typeof object.context[i] === "object")
                            message.context[i] = new $util.LongBits(object.context[i].low >>> 0, object.context[i].high >>> 0).toNumber(true);
                }
                if (object.rows != null)
                    if (object.rows.length)
                        if (typeof object.rows === "string")
                            $util.base64.decode(object.rows, message.rows = $util.newBuffer($util.base64.length(object.rows)), 0);
                        else if (object.rows.length >= 0)
                            message.rows = object.rows;
                if (object.checksum != null)
                    if ($Number(object.checksum) !== 0)
                        message.checksum = object.checksum >>> 0;
                if (object.single != null)
                    if (object.single)
                        message.single = $Boolean(object.single);
                if (object.settledMs != null)
                    if (typeof object.settledMs === "object" ? object.settledMs.low || object.settledMs.high : $Number(object.settledMs) !== 0)
                        if ($util.Long)
                            message.settledMs = $util.Long.fromValue(object.settledMs, true);
                        else if (typeof object.settledMs === "string")
                            message.settledMs = $parseInt(object.settledMs, 10);
                        else if (typeof object.settledMs === "number")
                            message.settledMs = object.settledMs;
                        else if (typeof object.settledMs === "object")
                            message.settledMs = new $util.LongBits(object.settledMs.low >>> 0, object.settledMs.high >>> 0).toNumber(true);
                if (object.absence != null) {
                    if (!$util.isObject(object.absence))
                        throw $TypeError(".meridian.v1.Frame.absence: object expected");
                    message.absence = $root.meridian.v1.Absence.fromObject(object.absence, _depth + 1);
                }
                if (object.policy != null) {
                    if (!$util.isObject(object.policy))
                        throw $TypeError(".meridian.v1.Frame.policy: object expected");
                    message.policy = $root.meridian.v1.PolicySaid.fromObject(object.policy, _depth + 1);
                }
                return message;
            };

            /**
             * Creates a plain object from a Frame message. Also converts values to other types if specified.
             * @function toObject
             * @memberof meridian.v1.Frame
             * @static
             * @param {meridian.v1.Frame} message Frame
             * @param {$protobuf.IConversionOptions} [options] Conversion options
             * @returns {Object.<string,*>} Plain object
             */
            Frame.toObject = function (message, options, _depth) {
                if (!options)
                    options = {};
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults) {
                    object.writers = [];
                    object.context = [];
                }
                if (options.defaults) {
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.previous = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.previous = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.first = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.first = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.last = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.last = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                    object.mutations = 0;
                    if (options.bytes === $String)
                        object.rows = "";
                    else {
                        object.rows = [];
                        if (options.bytes !== $Array)
                            object.rows = $util.newBuffer(object.rows);
                    }
                    object.checksum = 0;
                    object.single = false;
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.settledMs = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.settledMs = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                    object.absence = null;
                    object.policy = null;
                }
                if (message.previous != null && $Object.hasOwnProperty.call(message, "previous"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.previous = typeof message.previous === "number" ? $BigInt(message.previous) : $util.Long.fromBits(message.previous.low >>> 0, message.previous.high >>> 0, true).toBigInt();
                    else if (typeof message.previous === "number")
                        object.previous = options.longs === $String ? $String(message.previous) : message.previous;
                    else
                        object.previous = options.longs === $String ? $util.Long.prototype.toString.call(message.previous) : options.longs === $Number ? new $util.LongBits(message.previous.low >>> 0, message.previous.high >>> 0).toNumber(true) : message.previous;
                if (message.first != null && $Object.hasOwnProperty.call(message, "first"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.first = typeof message.first === "number" ? $BigInt(message.first) : $util.Long.fromBits(message.first.low >>> 0, message.first.high >>> 0, true).toBigInt();
                    else if (typeof message.first === "number")
                        object.first = options.longs === $String ? $String(message.first) : message.first;
                    else
                        object.first = options.longs === $String ? $util.Long.prototype.toString.call(message.first) : options.longs === $Number ? new $util.LongBits(message.first.low >>> 0, message.first.high >>> 0).toNumber(true) : message.first;
                if (message.last != null && $Object.hasOwnProperty.call(message, "last"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.last = typeof message.last === "number" ? $BigInt(message.last) : $util.Long.fromBits(message.last.low >>> 0, message.last.high >>> 0, true).toBigInt();
                    else if (typeof message.last === "number")
                        object.last = options.longs === $String ? $String(message.last) : message.last;
                    else
                        object.last = options.longs === $String ? $util.Long.prototype.toString.call(message.last) : options.longs === $Number ? new $util.LongBits(message.last.low >>> 0, message.last.high >>> 0).toNumber(true) : message.last;
                if (message.mutations != null && $Object.hasOwnProperty.call(message, "mutations"))
                    object.mutations = message.mutations;
                if (message.writers && message.writers.length) {
                    object.writers = $Array(message.writers.length);
                    for (let j = 0; j < message.writers.length; ++j)
                        object.writers[j] = message.writers[j];
                }
                if (message.context && message.context.length) {
                    object.context = $Array(message.context.length);
                    for (let j = 0; j < message.context.length; ++j)
                        if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                            object.context[j] = typeof message.context[j] === "number" ? $BigInt(message.context[j]) : $util.Long.fromBits(message.context[j].low >>> 0, message.context[j].high >>> 0, true).toBigInt();
                        else if (typeof message.context[j] === "number")
                            object.context[j] = options.longs === $String ? $String(message.context[j]) : message.context[j];
                        else
                            object.context[j] = options.longs === $String ? $util.Long.prototype.toString.call(message.context[j]) : options.longs === $Number ? new $util.LongBits(message.context[j].low >>> 0, message.context[j].high >>> 0).toNumber(true) : message.context[j];
                }
                if (message.rows != null && $Object.hasOwnProperty.call(message, "rows"))
                    object.rows = options.bytes === $String ? $util.base64.encode(message.rows, 0, message.rows.length) : options.bytes === $Array ? $Array.prototype.slice.call(message.rows) : message.rows;
                if (message.checksum != null && $Object.hasOwnProperty.call(message, "checksum"))
                    object.checksum = message.checksum;
                if (message.single != null && $Object.hasOwnProperty.call(message, "single"))
                    object.single = message.single;
                if (message.settledMs != null && $Object.hasOwnProperty.call(message, "settledMs"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.settledMs = typeof message.settledMs === "number" ? $BigInt(message.settledMs) : $util.Long.fromBits(message.settledMs.low >>> 0, message.settledMs.high >>> 0, true).toBigInt();
                    else if (typeof message.settledMs === "number")
                        object.settledMs = options.longs === $String ? $String(message.settledMs) : message.settledMs;
                    else
                        object.settledMs = options.longs === $String ? $util.Long.prototype.toString.call(message.settledMs) : options.longs === $Number ? new $util.LongBits(message.settledMs.low >>> 0, message.settledMs.high >>> 0).toNumber(true) : message.settledMs;
                if (message.absence != null && $Object.hasOwnProperty.call(message, "absence"))
                    object.absence = $root.meridian.v1.Absence.toObject(message.absence, options, _depth + 1);
                if (message.policy != null && $Object.hasOwnProperty.call(message, "policy"))
                    object.policy = $root.meridian.v1.PolicySaid.toObject(message.policy, options, _depth + 1);
                return object;
            };

            /**
             * Converts this Frame to JSON.
             * @function toJSON
             * @memberof meridian.v1.Frame
             * @instance
             * @returns {Object.<string,*>} JSON object
             */
            Frame.prototype.toJSON = function() {
                return Frame.toObject(this, $protobuf.util.toJSONOptions);
            };

            /**
             * Gets the type url for Frame
             * @function getTypeUrl
             * @memberof meridian.v1.Frame
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Frame.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/meridian.v1.Frame";
            };

            return Frame;
        })();

        v1.Absence = (function() {

            /**
             * Properties of an Absence.
             * @typedef {Object} meridian.v1.Absence.$Properties
             * @property {Long} [round] Absence round
             * @property {Array.<string>} [asked] Absence asked
             * @property {string} [answerTo] Absence answerTo
             * @property {Long} [answerRound] Absence answerRound
             * @property {Array.<meridian.v1.Cut.$Properties>} [received] Absence received
             * @property {Array.<meridian.v1.Cut.$Properties>} [fenced] Absence fenced
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Absence.
             * @memberof meridian.v1
             * @interface IAbsence
             * @augments meridian.v1.Absence.$Properties
             * @deprecated Use meridian.v1.Absence.$Properties instead.
             */

            /**
             * Shape of an Absence.
             * @typedef {meridian.v1.Absence.$Properties} meridian.v1.Absence.$Shape
             */

            /**
             * Constructs a new Absence.
             * @memberof meridian.v1
             * @classdesc Represents an Absence.
             * @constructor
             * @param {meridian.v1.Absence.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Absence = function (properties) {
                this.asked = [];
                this.received = [];
                this.fenced = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Absence round.
             * @member {Long} round
             * @memberof meridian.v1.Absence
             * @instance
             */
            Absence.prototype.round = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Absence asked.
             * @member {Array.<string>} asked
             * @memberof meridian.v1.Absence
             * @instance
             */
            Absence.prototype.asked = $util.emptyArray;

            /**
             * Absence answerTo.
             * @member {string} answerTo
             * @memberof meridian.v1.Absence
             * @instance
             */
            Absence.prototype.answerTo = "";

            /**
             * Absence answerRound.
             * @member {Long} answerRound
             * @memberof meridian.v1.Absence
             * @instance
             */
            Absence.prototype.answerRound = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Absence received.
             * @member {Array.<meridian.v1.Cut>} received
             * @memberof meridian.v1.Absence
             * @instance
             */
            Absence.prototype.received = $util.emptyArray;

            /**
             * Absence fenced.
             * @member {Array.<meridian.v1.Cut>} fenced
             * @memberof meridian.v1.Absence
             * @instance
             */
            Absence.prototype.fenced = $util.emptyArray;

            /**
             * Creates a new Absence instance using the specified properties.
             * @function create
             * @memberof meridian.v1.Absence
             * @static
             * @param {meridian.v1.Absence.$Properties=} [properties] Properties to set
             * @returns {meridian.v1.Absence} Absence instance
             * @type {{
             *   (properties: meridian.v1.Absence.$Shape): meridian.v1.Absence & meridian.v1.Absence.$Shape;
             *   (properties?: meridian.v1.Absence.$Properties): meridian.v1.Absence;
             * }}
             */
            Absence.create = function(properties) {
                return new Absence(properties);
            };

            /**
             * Encodes the specified Absence message. Does not implicitly {@link meridian.v1.Absence.verify|verify} messages.
             * @function encode
             * @memberof meridian.v1.Absence
             * @static
             * @param {meridian.v1.Absence.$Properties} message Absence message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Absence.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.round != null && $Object.hasOwnProperty.call(message, "round") && (typeof message.round === "object" ? message.round.low || message.round.high : message.round !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.round);
                if (message.asked != null && message.asked.length)
                    for (let i = 0; i < message.asked.length; ++i)
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.asked[i]);
                if (message.answerTo != null && $Object.hasOwnProperty.call(message, "answerTo") && message.answerTo !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.answerTo);
                if (message.answerRound != null && $Object.hasOwnProperty.call(message, "answerRound") && (typeof message.answerRound === "object" ? message.answerRound.low || message.answerRound.high : message.answerRound !== 0))
                    writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.answerRound);
                if (message.received != null && message.received.length)
                    for (let i = 0; i < message.received.length; ++i)
                        $root.meridian.v1.Cut.encode(message.received[i], writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.fenced != null && message.fenced.length)
                    for (let i = 0; i < message.fenced.length; ++i)
                        $root.meridian.v1.Cut.encode(message.fenced[i], writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Absence message from the specified reader or buffer.
             * @function decode
             * @memberof meridian.v1.Absence
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {meridian.v1.Absence & meridian.v1.Absence.$Shape} Absence
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Absence.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.meridian.v1.Absence();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.round = value;
                            else
                                delete message.round;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if (!(message.asked && message.asked.length))
                                message.asked = [];
                            message.asked.push(reader.stringVerify());
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.answerTo = value;
                            else
                                delete message.answerTo;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.answerRound = value;
                            else
                                delete message.answerRound;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if (!(message.received && message.received.length))
                                message.received = [];
                            message.received.push($root.meridian.v1.Cut.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if (!(message.fenced && message.fenced.length))
                                message.fenced = [];
                            message.fenced.push($root.meridian.v1.Cut.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Creates an Absence message from a plain object. Also converts values to their respective internal types.
             * @function fromObject
             * @memberof meridian.v1.Absence
             * @static
             * @param {Object.<string,*>} object Plain object
             * @returns {meridian.v1.Absence} Absence
             */
            Absence.fromObject = function (object, _depth) {
                if (object instanceof $root.meridian.v1.Absence)
                    return object;
                if (!$util.isObject(object))
                    throw $TypeError(".meridian.v1.Absence: object expected");
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let message = new $root.meridian.v1.Absence();
                if (object.round != null)
                    if (typeof object.round === "object" ? object.round.low || object.round.high : $Number(object.round) !== 0)
                        if ($util.Long)
                            message.round = $util.Long.fromValue(object.round, true);
                        else if (typeof object.round === "string")
                            message.round = $parseInt(object.round, 10);
                        else if (typeof object.round === "number")
                            message.round = object.round;
                        else if (typeof object.round === "object")
                            message.round = new $util.LongBits(object.round.low >>> 0, object.round.high >>> 0).toNumber(true);
                if (object.asked) {
                    if (!$Array.isArray(object.asked))
                        throw $TypeError(".meridian.v1.Absence.asked: array expected");
                    message.asked = $Array(object.asked.length);
                    for (let i = 0; i < object.asked.length; ++i)
                        message.asked[i] = $String(object.asked[i]);
                }
                if (object.answerTo != null)
                    if (typeof object.answerTo !== "string" || object.answerTo.length)
                        message.answerTo = $String(object.answerTo);
                if (object.answerRound != null)
                    if (typeof object.answerRound === "object" ? object.answerRound.low || object.answerRound.high : $Number(object.answerRound) !== 0)
                        if ($util.Long)
                            message.answerRound = $util.Long.fromValue(object.answerRound, true);
                        else if (typeof object.answerRound === "string")
                            message.answerRound = $parseInt(object.answerRound, 10);
                        else if (typeof object.answerRound === "number")
                            message.answerRound = object.answerRound;
                        else if (typeof object.answerRound === "object")
                            message.answerRound = new $util.LongBits(object.answerRound.low >>> 0, object.answerRound.high >>> 0).toNumber(true);
                if (object.received) {
                    if (!$Array.isArray(object.received))
                        throw $TypeError(".meridian.v1.Absence.received: array expected");
                    message.received = $Array(object.received.length);
                    for (let i = 0; i < object.received.length; ++i) {
                        if (!$util.isObject(object.received[i]))
                            throw $TypeError(".meridian.v1.Absence.received: object expected");
                        message.received[i] = $root.meridian.v1.Cut.fromObject(object.received[i], _depth + 1);
                    }
                }
                if (object.fenced) {
                    if (!$Array.isArray(object.fenced))
                        throw $TypeError(".meridian.v1.Absence.fenced: array expected");
                    message.fenced = $Array(object.fenced.length);
                    for (let i = 0; i < object.fenced.length; ++i) {
                        if (!$util.isObject(object.fenced[i]))
                            throw $TypeError(".meridian.v1.Absence.fenced: object expected");
                        message.fenced[i] = $root.meridian.v1.Cut.fromObject(object.fenced[i], _depth + 1);
                    }
                }
                return message;
            };

            /**
             * Creates a plain object from an Absence message. Also converts values to other types if specified.
             * @function toObject
             * @memberof meridian.v1.Absence
             * @static
             * @param {meridian.v1.Absence} message Absence
             * @param {$protobuf.IConversionOptions} [options] Conversion options
             * @returns {Object.<string,*>} Plain object
             */
            Absence.toObject = function (message, options, _depth) {
                if (!options)
                    options = {};
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults) {
                    object.asked = [];
                    object.received = [];
                    object.fenced = [];
                }
                if (options.defaults) {
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.round = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.round = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                    object.answerTo = "";
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.answerRound = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.answerRound = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                }
                if (message.round != null && $Object.hasOwnProperty.call(message, "round"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.round = typeof message.round === "number" ? $BigInt(message.round) : $util.Long.fromBits(message.round.low >>> 0, message.round.high >>> 0, true).toBigInt();
                    else if (typeof message.round === "number")
                        object.round = options.longs === $String ? $String(message.round) : message.round;
                    else
                        object.round = options.longs === $String ? $util.Long.prototype.toString.call(message.round) : options.longs === $Number ? new $util.LongBits(message.round.low >>> 0, message.round.high >>> 0).toNumber(true) : message.round;
                if (message.asked && message.asked.length) {
                    object.asked = $Array(message.asked.length);
                    for (let j = 0; j < message.asked.length; ++j)
                        object.asked[j] = message.asked[j];
                }
                if (message.answerTo != null && $Object.hasOwnProperty.call(message, "answerTo"))
                    object.answerTo = message.answerTo;
                if (message.answerRound != null && $Object.hasOwnProperty.call(message, "answerRound"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.answerRound = typeof message.answerRound === "number" ? $BigInt(message.answerRound) : $util.Long.fromBits(message.answerRound.low >>> 0, message.answerRound.high >>> 0, true).toBigInt();
                    else if (typeof message.answerRound === "number")
                        object.answerRound = options.longs === $String ? $String(message.answerRound) : message.answerRound;
                    else
                        object.answerRound = options.longs === $String ? $util.Long.prototype.toString.call(message.answerRound) : options.longs === $Number ? new $util.LongBits(message.answerRound.low >>> 0, message.answerRound.high >>> 0).toNumber(true) : message.answerRound;
                if (message.received && message.received.length) {
                    object.received = $Array(message.received.length);
                    for (let j = 0; j < message.received.length; ++j)
                        object.received[j] = $root.meridian.v1.Cut.toObject(message.received[j], options, _depth + 1);
                }
                if (message.fenced && message.fenced.length) {
                    object.fenced = $Array(message.fenced.length);
                    for (let j = 0; j < message.fenced.length; ++j)
                        object.fenced[j] = $root.meridian.v1.Cut.toObject(message.fenced[j], options, _depth + 1);
                }
                return object;
            };

            /**
             * Converts this Absence to JSON.
             * @function toJSON
             * @memberof meridian.v1.Absence
             * @instance
             * @returns {Object.<string,*>} JSON object
             */
            Absence.prototype.toJSON = function() {
                return Absence.toObject(this, $protobuf.util.toJSONOptions);
            };

            /**
             * Gets the type url for Absence
             * @function getTypeUrl
             * @memberof meridian.v1.Absence
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Absence.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/meridian.v1.Absence";
            };

            return Absence;
        })();

        v1.Cut = (function() {

            /**
             * Properties of a Cut.
             * @typedef {Object} meridian.v1.Cut.$Properties
             * @property {string} [writer] Cut writer
             * @property {Long} [version] Cut version
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Cut.
             * @memberof meridian.v1
             * @interface ICut
             * @augments meridian.v1.Cut.$Properties
             * @deprecated Use meridian.v1.Cut.$Properties instead.
             */

            /**
             * Shape of a Cut.
             * @typedef {meridian.v1.Cut.$Properties} meridian.v1.Cut.$Shape
             */

            /**
             * Constructs a new Cut.
             * @memberof meridian.v1
             * @classdesc Represents a Cut.
             * @constructor
             * @param {meridian.v1.Cut.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Cut = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Cut writer.
             * @member {string} writer
             * @memberof meridian.v1.Cut
             * @instance
             */
            Cut.prototype.writer = "";

            /**
             * Cut version.
             * @member {Long} version
             * @memberof meridian.v1.Cut
             * @instance
             */
            Cut.prototype.version = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Creates a new Cut instance using the specified properties.
             * @function create
             * @memberof meridian.v1.Cut
             * @static
             * @param {meridian.v1.Cut.$Properties=} [properties] Properties to set
             * @returns {meridian.v1.Cut} Cut instance
             * @type {{
             *   (properties: meridian.v1.Cut.$Shape): meridian.v1.Cut & meridian.v1.Cut.$Shape;
             *   (properties?: meridian.v1.Cut.$Properties): meridian.v1.Cut;
             * }}
             */
            Cut.create = function(properties) {
                return new Cut(properties);
            };

            /**
             * Encodes the specified Cut message. Does not implicitly {@link meridian.v1.Cut.verify|verify} messages.
             * @function encode
             * @memberof meridian.v1.Cut
             * @static
             * @param {meridian.v1.Cut.$Properties} message Cut message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Cut.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.writer != null && $Object.hasOwnProperty.call(message, "writer") && message.writer !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.writer);
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && (typeof message.version === "object" ? message.version.low || message.version.high : message.version !== 0))
                    writer.uint32(/* id 2, wireType 1 =*/17).fixed64(message.version);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Cut message from the specified reader or buffer.
             * @function decode
             * @memberof meridian.v1.Cut
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {meridian.v1.Cut & meridian.v1.Cut.$Shape} Cut
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Cut.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.meridian.v1.Cut();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.writer = value;
                            else
                                delete message.writer;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 1)
                                break;
                            if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Creates a Cut message from a plain object. Also converts values to their respective internal types.
             * @function fromObject
             * @memberof meridian.v1.Cut
             * @static
             * @param {Object.<string,*>} object Plain object
             * @returns {meridian.v1.Cut} Cut
             */
            Cut.fromObject = function (object, _depth) {
                if (object instanceof $root.meridian.v1.Cut)
                    return object;
                if (!$util.isObject(object))
                    throw $TypeError(".meridian.v1.Cut: object expected");
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let message = new $root.meridian.v1.Cut();
                if (object.writer != null)
                    if (typeof object.writer !== "string" || object.writer.length)
                        message.writer = $String(object.writer);
                if (object.version != null)
                    if (typeof object.version === "object" ? object.version.low || object.version.high : $Number(object.version) !== 0)
                        if ($util.Long)
                            message.version = $util.Long.fromValue(object.version, true);
                        else if (typeof object.version === "string")
                            message.version = $parseInt(object.version, 10);
                        else if (typeof object.version === "number")
                            message.version = object.version;
                        else if (typeof object.version === "object")
                            message.version = new $util.LongBits(object.version.low >>> 0, object.version.high >>> 0).toNumber(true);
                return message;
            };

            /**
             * Creates a plain object from a Cut message. Also converts values to other types if specified.
             * @function toObject
             * @memberof meridian.v1.Cut
             * @static
             * @param {meridian.v1.Cut} message Cut
             * @param {$protobuf.IConversionOptions} [options] Conversion options
             * @returns {Object.<string,*>} Plain object
             */
            Cut.toObject = function (message, options, _depth) {
                if (!options)
                    options = {};
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    object.writer = "";
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.version = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.version = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                }
                if (message.writer != null && $Object.hasOwnProperty.call(message, "writer"))
                    object.writer = message.writer;
                if (message.version != null && $Object.hasOwnProperty.call(message, "version"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.version = typeof message.version === "number" ? $BigInt(message.version) : $util.Long.fromBits(message.version.low >>> 0, message.version.high >>> 0, true).toBigInt();
                    else if (typeof message.version === "number")
                        object.version = options.longs === $String ? $String(message.version) : message.version;
                    else
                        object.version = options.longs === $String ? $util.Long.prototype.toString.call(message.version) : options.longs === $Number ? new $util.LongBits(message.version.low >>> 0, message.version.high >>> 0).toNumber(true) : message.version;
                return object;
            };

            /**
             * Converts this Cut to JSON.
             * @function toJSON
             * @memberof meridian.v1.Cut
             * @instance
             * @returns {Object.<string,*>} JSON object
             */
            Cut.prototype.toJSON = function() {
                return Cut.toObject(this, $protobuf.util.toJSONOptions);
            };

            /**
             * Gets the type url for Cut
             * @function getTypeUrl
             * @memberof meridian.v1.Cut
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            Cut.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/meridian.v1.Cut";
            };

            return Cut;
        })();

        v1.PolicySaid = (function() {

            /**
             * Properties of a PolicySaid.
             * @typedef {Object} meridian.v1.PolicySaid.$Properties
             * @property {number} [version] PolicySaid version
             * @property {Long} [round] PolicySaid round
             * @property {boolean} [proposes] PolicySaid proposes
             * @property {Array.<meridian.v1.PolicyRow.$Properties>} [rows] PolicySaid rows
             * @property {string} [answerTo] PolicySaid answerTo
             * @property {Long} [answerRound] PolicySaid answerRound
             * @property {string} [refusal] PolicySaid refusal
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a PolicySaid.
             * @memberof meridian.v1
             * @interface IPolicySaid
             * @augments meridian.v1.PolicySaid.$Properties
             * @deprecated Use meridian.v1.PolicySaid.$Properties instead.
             */

            /**
             * Shape of a PolicySaid.
             * @typedef {meridian.v1.PolicySaid.$Properties} meridian.v1.PolicySaid.$Shape
             */

            /**
             * Constructs a new PolicySaid.
             * @memberof meridian.v1
             * @classdesc Represents a PolicySaid.
             * @constructor
             * @param {meridian.v1.PolicySaid.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const PolicySaid = function (properties) {
                this.rows = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * PolicySaid version.
             * @member {number} version
             * @memberof meridian.v1.PolicySaid
             * @instance
             */
            PolicySaid.prototype.version = 0;

            /**
             * PolicySaid round.
             * @member {Long} round
             * @memberof meridian.v1.PolicySaid
             * @instance
             */
            PolicySaid.prototype.round = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * PolicySaid proposes.
             * @member {boolean} proposes
             * @memberof meridian.v1.PolicySaid
             * @instance
             */
            PolicySaid.prototype.proposes = false;

            /**
             * PolicySaid rows.
             * @member {Array.<meridian.v1.PolicyRow>} rows
             * @memberof meridian.v1.PolicySaid
             * @instance
             */
            PolicySaid.prototype.rows = $util.emptyArray;

            /**
             * PolicySaid answerTo.
             * @member {string} answerTo
             * @memberof meridian.v1.PolicySaid
             * @instance
             */
            PolicySaid.prototype.answerTo = "";

            /**
             * PolicySaid answerRound.
             * @member {Long} answerRound
             * @memberof meridian.v1.PolicySaid
             * @instance
             */
            PolicySaid.prototype.answerRound = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * PolicySaid refusal.
             * @member {string} refusal
             * @memberof meridian.v1.PolicySaid
             * @instance
             */
            PolicySaid.prototype.refusal = "";

            /**
             * Creates a new PolicySaid instance using the specified properties.
             * @function create
             * @memberof meridian.v1.PolicySaid
             * @static
             * @param {meridian.v1.PolicySaid.$Properties=} [properties] Properties to set
             * @returns {meridian.v1.PolicySaid} PolicySaid instance
             * @type {{
             *   (properties: meridian.v1.PolicySaid.$Shape): meridian.v1.PolicySaid & meridian.v1.PolicySaid.$Shape;
             *   (properties?: meridian.v1.PolicySaid.$Properties): meridian.v1.PolicySaid;
             * }}
             */
            PolicySaid.create = function(properties) {
                return new PolicySaid(properties);
            };

            /**
             * Encodes the specified PolicySaid message. Does not implicitly {@link meridian.v1.PolicySaid.verify|verify} messages.
             * @function encode
             * @memberof meridian.v1.PolicySaid
             * @static
             * @param {meridian.v1.PolicySaid.$Properties} message PolicySaid message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            PolicySaid.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.version != null && $Object.hasOwnProperty.call(message, "version") && message.version !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.version);
                if (message.round != null && $Object.hasOwnProperty.call(message, "round") && (typeof message.round === "object" ? message.round.low || message.round.high : message.round !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.round);
                if (message.proposes != null && $Object.hasOwnProperty.call(message, "proposes") && message.proposes !== false)
                    writer.uint32(/* id 3, wireType 0 =*/24).bool(message.proposes);
                if (message.rows != null && message.rows.length)
                    for (let i = 0; i < message.rows.length; ++i)
                        $root.meridian.v1.PolicyRow.encode(message.rows[i], writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.answerTo != null && $Object.hasOwnProperty.call(message, "answerTo") && message.answerTo !== "")
                    writer.uint32(/* id 5, wireType 2 =*/42).string(message.answerTo);
                if (message.answerRound != null && $Object.hasOwnProperty.call(message, "answerRound") && (typeof message.answerRound === "object" ? message.answerRound.low || message.answerRound.high : message.answerRound !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.answerRound);
                if (message.refusal != null && $Object.hasOwnProperty.call(message, "refusal") && message.refusal !== "")
                    writer.uint32(/* id 7, wireType 2 =*/58).string(message.refusal);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a PolicySaid message from the specified reader or buffer.
             * @function decode
             * @memberof meridian.v1.PolicySaid
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {meridian.v1.PolicySaid & meridian.v1.PolicySaid.$Shape} PolicySaid
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            PolicySaid.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.meridian.v1.PolicySaid();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.version = value;
                            else
                                delete message.version;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.round = value;
                            else
                                delete message.round;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.proposes = value;
                            else
                                delete message.proposes;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if (!(message.rows && message.rows.length))
                                message.rows = [];
                            message.rows.push($root.meridian.v1.PolicyRow.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.answerTo = value;
                            else
                                delete message.answerTo;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.answerRound = value;
                            else
                                delete message.answerRound;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.refusal = value;
                            else
                                delete message.refusal;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Creates a PolicySaid message from a plain object. Also converts values to their respective internal types.
             * @function fromObject
             * @memberof meridian.v1.PolicySaid
             * @static
             * @param {Object.<string,*>} object Plain object
             * @returns {meridian.v1.PolicySaid} PolicySaid
             */
            PolicySaid.fromObject = function (object, _depth) {
                if (object instanceof $root.meridian.v1.PolicySaid)
                    return object;
                if (!$util.isObject(object))
                    throw $TypeError(".meridian.v1.PolicySaid: object expected");
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let message = new $root.meridian.v1.PolicySaid();
                if (object.version != null)
                    if ($Number(object.version) !== 0)
                        message.version = object.version >>> 0;
                if (object.round != null)
                    if (typeof object.round === "object" ? object.round.low || object.round.high : $Number(object.round) !== 0)
                        if ($util.Long)
                            message.round = $util.Long.fromValue(object.round, true);
                        else if (typeof object.round === "string")
                            message.round = $parseInt(object.round, 10);
                        else if (typeof object.round === "number")
                            message.round = object.round;
                        else if (typeof object.round === "object")
                            message.round = new $util.LongBits(object.round.low >>> 0, object.round.high >>> 0).toNumber(true);
                if (object.proposes != null)
                    if (object.proposes)
                        message.proposes = $Boolean(object.proposes);
                if (object.rows) {
                    if (!$Array.isArray(object.rows))
                        throw $TypeError(".meridian.v1.PolicySaid.rows: array expected");
                    message.rows = $Array(object.rows.length);
                    for (let i = 0; i < object.rows.length; ++i) {
                        if (!$util.isObject(object.rows[i]))
                            throw $TypeError(".meridian.v1.PolicySaid.rows: object expected");
                        message.rows[i] = $root.meridian.v1.PolicyRow.fromObject(object.rows[i], _depth + 1);
                    }
                }
                if (object.answerTo != null)
                    if (typeof object.answerTo !== "string" || object.answerTo.length)
                        message.answerTo = $String(object.answerTo);
                if (object.answerRound != null)
                    if (typeof object.answerRound === "object" ? object.answerRound.low || object.answerRound.high : $Number(object.answerRound) !== 0)
                        if ($util.Long)
                            message.answerRound = $util.Long.fromValue(object.answerRound, true);
                        else if (typeof object.answerRound === "string")
                            message.answerRound = $parseInt(object.answerRound, 10);
                        else if (typeof object.answerRound === "number")
                            message.answerRound = object.answerRound;
                        else if (typeof object.answerRound === "object")
                            message.answerRound = new $util.LongBits(object.answerRound.low >>> 0, object.answerRound.high >>> 0).toNumber(true);
                if (object.refusal != null)
                    if (typeof object.refusal !== "string" || object.refusal.length)
                        message.refusal = $String(object.refusal);
                return message;
            };

            /**
             * Creates a plain object from a PolicySaid message. Also converts values to other types if specified.
             * @function toObject
             * @memberof meridian.v1.PolicySaid
             * @static
             * @param {meridian.v1.PolicySaid} message PolicySaid
             * @param {$protobuf.IConversionOptions} [options] Conversion options
             * @returns {Object.<string,*>} Plain object
             */
            PolicySaid.toObject = function (message, options, _depth) {
                if (!options)
                    options = {};
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let object = {};
                if (options.arrays || options.defaults)
                    object.rows = [];
                if (options.defaults) {
                    object.version = 0;
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.round = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.round = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                    object.proposes = false;
                    object.answerTo = "";
                    if ($util.Long) {
                        let long = new $util.Long(0, 0, true);
                        object.answerRound = options.longs === $String ? long.toString() : options.longs === $Number ? long.toNumber() : typeof $BigInt !== "undefined" && options.longs === $BigInt ? long.toBigInt() : long;
                    } else
                        object.answerRound = options.longs === $String ? "0" : typeof $BigInt !== "undefined" && options.longs === $BigInt ? $BigInt("0") : 0;
                    object.refusal = "";
                }
                if (message.version != null && $Object.hasOwnProperty.call(message, "version"))
                    object.version = message.version;
                if (message.round != null && $Object.hasOwnProperty.call(message, "round"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.round = typeof message.round === "number" ? $BigInt(message.round) : $util.Long.fromBits(message.round.low >>> 0, message.round.high >>> 0, true).toBigInt();
                    else if (typeof message.round === "number")
                        object.round = options.longs === $String ? $String(message.round) : message.round;
                    else
                        object.round = options.longs === $String ? $util.Long.prototype.toString.call(message.round) : options.longs === $Number ? new $util.LongBits(message.round.low >>> 0, message.round.high >>> 0).toNumber(true) : message.round;
                if (message.proposes != null && $Object.hasOwnProperty.call(message, "proposes"))
                    object.proposes = message.proposes;
                if (message.rows && message.rows.length) {
                    object.rows = $Array(message.rows.length);
                    for (let j = 0; j < message.rows.length; ++j)
                        object.rows[j] = $root.meridian.v1.PolicyRow.toObject(message.rows[j], options, _depth + 1);
                }
                if (message.answerTo != null && $Object.hasOwnProperty.call(message, "answerTo"))
                    object.answerTo = message.answerTo;
                if (message.answerRound != null && $Object.hasOwnProperty.call(message, "answerRound"))
                    if (typeof $BigInt !== "undefined" && options.longs === $BigInt)
                        object.answerRound = typeof message.answerRound === "number" ? $BigInt(message.answerRound) : $util.Long.fromBits(message.answerRound.low >>> 0, message.answerRound.high >>> 0, true).toBigInt();
                    else if (typeof message.answerRound === "number")
                        object.answerRound = options.longs === $String ? $String(message.answerRound) : message.answerRound;
                    else
                        object.answerRound = options.longs === $String ? $util.Long.prototype.toString.call(message.answerRound) : options.longs === $Number ? new $util.LongBits(message.answerRound.low >>> 0, message.answerRound.high >>> 0).toNumber(true) : message.answerRound;
                if (message.refusal != null && $Object.hasOwnProperty.call(message, "refusal"))
                    object.refusal = message.refusal;
                return object;
            };

            /**
             * Converts this PolicySaid to JSON.
             * @function toJSON
             * @memberof meridian.v1.PolicySaid
             * @instance
             * @returns {Object.<string,*>} JSON object
             */
            PolicySaid.prototype.toJSON = function() {
                return PolicySaid.toObject(this, $protobuf.util.toJSONOptions);
            };

            /**
             * Gets the type url for PolicySaid
             * @function getTypeUrl
             * @memberof meridian.v1.PolicySaid
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            PolicySaid.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/meridian.v1.PolicySaid";
            };

            return PolicySaid;
        })();

        v1.PolicyRow = (function() {

            /**
             * Properties of a PolicyRow.
             * @typedef {Object} meridian.v1.PolicyRow.$Properties
             * @property {Uint8Array} [prefix] PolicyRow prefix
             * @property {string} [policy] PolicyRow policy
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a PolicyRow.
             * @memberof meridian.v1
             * @interface IPolicyRow
             * @augments meridian.v1.PolicyRow.$Properties
             * @deprecated Use meridian.v1.PolicyRow.$Properties instead.
             */

            /**
             * Shape of a PolicyRow.
             * @typedef {meridian.v1.PolicyRow.$Properties} meridian.v1.PolicyRow.$Shape
             */

            /**
             * Constructs a new PolicyRow.
             * @memberof meridian.v1
             * @classdesc Represents a PolicyRow.
             * @constructor
             * @param {meridian.v1.PolicyRow.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const PolicyRow = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * PolicyRow prefix.
             * @member {Uint8Array} prefix
             * @memberof meridian.v1.PolicyRow
             * @instance
             */
            PolicyRow.prototype.prefix = $util.newBuffer([]);

            /**
             * PolicyRow policy.
             * @member {string} policy
             * @memberof meridian.v1.PolicyRow
             * @instance
             */
            PolicyRow.prototype.policy = "";

            /**
             * Creates a new PolicyRow instance using the specified properties.
             * @function create
             * @memberof meridian.v1.PolicyRow
             * @static
             * @param {meridian.v1.PolicyRow.$Properties=} [properties] Properties to set
             * @returns {meridian.v1.PolicyRow} PolicyRow instance
             * @type {{
             *   (properties: meridian.v1.PolicyRow.$Shape): meridian.v1.PolicyRow & meridian.v1.PolicyRow.$Shape;
             *   (properties?: meridian.v1.PolicyRow.$Properties): meridian.v1.PolicyRow;
             * }}
             */
            PolicyRow.create = function(properties) {
                return new PolicyRow(properties);
            };

            /**
             * Encodes the specified PolicyRow message. Does not implicitly {@link meridian.v1.PolicyRow.verify|verify} messages.
             * @function encode
             * @memberof meridian.v1.PolicyRow
             * @static
             * @param {meridian.v1.PolicyRow.$Properties} message PolicyRow message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            PolicyRow.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.prefix != null && $Object.hasOwnProperty.call(message, "prefix") && message.prefix.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.prefix);
                if (message.policy != null && $Object.hasOwnProperty.call(message, "policy") && message.policy !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.policy);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a PolicyRow message from the specified reader or buffer.
             * @function decode
             * @memberof meridian.v1.PolicyRow
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {meridian.v1.PolicyRow & meridian.v1.PolicyRow.$Shape} PolicyRow
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            PolicyRow.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.meridian.v1.PolicyRow();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.prefix = value;
                            else
                                delete message.prefix;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.policy = value;
                            else
                                delete message.policy;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            /**
             * Creates a PolicyRow message from a plain object. Also converts values to their respective internal types.
             * @function fromObject
             * @memberof meridian.v1.PolicyRow
             * @static
             * @param {Object.<string,*>} object Plain object
             * @returns {meridian.v1.PolicyRow} PolicyRow
             */
            PolicyRow.fromObject = function (object, _depth) {
                if (object instanceof $root.meridian.v1.PolicyRow)
                    return object;
                if (!$util.isObject(object))
                    throw $TypeError(".meridian.v1.PolicyRow: object expected");
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let message = new $root.meridian.v1.PolicyRow();
                if (object.prefix != null)
                    if (object.prefix.length)
                        if (typeof object.prefix === "string")
                            $util.base64.decode(object.prefix, message.prefix = $util.newBuffer($util.base64.length(object.prefix)), 0);
                        else if (object.prefix.length >= 0)
                            message.prefix = object.prefix;
                if (object.policy != null)
                    if (typeof object.policy !== "string" || object.policy.length)
                        message.policy = $String(object.policy);
                return message;
            };

            /**
             * Creates a plain object from a PolicyRow message. Also converts values to other types if specified.
             * @function toObject
             * @memberof meridian.v1.PolicyRow
             * @static
             * @param {meridian.v1.PolicyRow} message PolicyRow
             * @param {$protobuf.IConversionOptions} [options] Conversion options
             * @returns {Object.<string,*>} Plain object
             */
            PolicyRow.toObject = function (message, options, _depth) {
                if (!options)
                    options = {};
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                let object = {};
                if (options.defaults) {
                    if (options.bytes === $String)
                        object.prefix = "";
                    else {
                        object.prefix = [];
                        if (options.bytes !== $Array)
                            object.prefix = $util.newBuffer(object.prefix);
                    }
                    object.policy = "";
                }
                if (message.prefix != null && $Object.hasOwnProperty.call(message, "prefix"))
                    object.prefix = options.bytes === $String ? $util.base64.encode(message.prefix, 0, message.prefix.length) : options.bytes === $Array ? $Array.prototype.slice.call(message.prefix) : message.prefix;
                if (message.policy != null && $Object.hasOwnProperty.call(message, "policy"))
                    object.policy = message.policy;
                return object;
            };

            /**
             * Converts this PolicyRow to JSON.
             * @function toJSON
             * @memberof meridian.v1.PolicyRow
             * @instance
             * @returns {Object.<string,*>} JSON object
             */
            PolicyRow.prototype.toJSON = function() {
                return PolicyRow.toObject(this, $protobuf.util.toJSONOptions);
            };

            /**
             * Gets the type url for PolicyRow
             * @function getTypeUrl
             * @memberof meridian.v1.PolicyRow
             * @static
             * @param {string} [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns {string} The type url
             */
            PolicyRow.getTypeUrl = function(prefix) {
                if (prefix === $undefined)
                    prefix = "type.googleapis.com";
                return prefix + "/meridian.v1.PolicyRow";
            };

            return PolicyRow;
        })();

        return v1;
    })();

    return meridian;
})();

export {
  $root as default
};
