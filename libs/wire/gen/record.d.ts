import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace meridian. */
export namespace meridian {

    /** Namespace v1. */
    namespace v1 {

        /**
         * Properties of a Record.
         * @deprecated Use meridian.v1.Record.$Properties instead.
         */
        interface IRecord extends meridian.v1.Record.$Properties {
        }

        /** Represents a Record. */
        class Record {

            /**
             * Constructs a new Record.
             * @param [properties] Properties to set
             */
            constructor(properties?: meridian.v1.Record.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Record schema. */
            schema: number;

            /** Record writer. */
            writer: string;

            /** Record replicationId. */
            replicationId: string;

            /** Record firstOffset. */
            firstOffset: Long;

            /** Record lastOffset. */
            lastOffset: Long;

            /** Record frames. */
            frames: meridian.v1.Frame[];

            /** Record policies. */
            policies: number;

            /** Record policyVersion. */
            policyVersion: number;

            /**
             * Creates a new Record instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Record instance
             */
            static create(properties: meridian.v1.Record.$Shape): meridian.v1.Record & meridian.v1.Record.$Shape;
            static create(properties?: meridian.v1.Record.$Properties): meridian.v1.Record;

            /**
             * Encodes the specified Record message. Does not implicitly {@link meridian.v1.Record.verify|verify} messages.
             * @param message Record message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: meridian.v1.Record.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Record message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {meridian.v1.Record & meridian.v1.Record.$Shape} Record
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): meridian.v1.Record & meridian.v1.Record.$Shape;

            /**
             * Creates a Record message from a plain object. Also converts values to their respective internal types.
             * @param object Plain object
             * @returns Record
             */
            static fromObject(object: { [k: string]: any }): meridian.v1.Record;

            /**
             * Creates a plain object from a Record message. Also converts values to other types if specified.
             * @param message Record
             * @param [options] Conversion options
             * @returns Plain object
             */
            static toObject(message: meridian.v1.Record, options?: $protobuf.IConversionOptions): { [k: string]: any };

            /**
             * Converts this Record to JSON.
             * @returns JSON object
             */
            toJSON(): { [k: string]: any };

            /**
             * Gets the type url for Record
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Record {

            /** Properties of a Record. */
            interface $Properties {

                /** Record schema */
                schema?: number;

                /** Record writer */
                writer?: string;

                /** Record replicationId */
                replicationId?: string;

                /** Record firstOffset */
                firstOffset?: Long;

                /** Record lastOffset */
                lastOffset?: Long;

                /** Record frames */
                frames?: meridian.v1.Frame.$Properties[];

                /** Record policies */
                policies?: number;

                /** Record policyVersion */
                policyVersion?: number;

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Record. */
            type $Shape = meridian.v1.Record.$Properties;
        }

        /**
         * Properties of a Frame.
         * @deprecated Use meridian.v1.Frame.$Properties instead.
         */
        interface IFrame extends meridian.v1.Frame.$Properties {
        }

        /** Represents a Frame. */
        class Frame {

            /**
             * Constructs a new Frame.
             * @param [properties] Properties to set
             */
            constructor(properties?: meridian.v1.Frame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Frame previous. */
            previous: Long;

            /** Frame first. */
            first: Long;

            /** Frame last. */
            last: Long;

            /** Frame mutations. */
            mutations: number;

            /** Frame writers. */
            writers: string[];

            /** Frame context. */
            context: Long[];

            /** Frame rows. */
            rows: Uint8Array;

            /** Frame checksum. */
            checksum: number;

            /** Frame single. */
            single: boolean;

            /** Frame settledMs. */
            settledMs: Long;

            /** Frame absence. */
            absence: meridian.v1.Absence;

            /** Frame policy. */
            policy: meridian.v1.PolicySaid;

            /**
             * Creates a new Frame instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Frame instance
             */
            static create(properties: meridian.v1.Frame.$Shape): meridian.v1.Frame & meridian.v1.Frame.$Shape;
            static create(properties?: meridian.v1.Frame.$Properties): meridian.v1.Frame;

            /**
             * Encodes the specified Frame message. Does not implicitly {@link meridian.v1.Frame.verify|verify} messages.
             * @param message Frame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: meridian.v1.Frame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Frame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {meridian.v1.Frame & meridian.v1.Frame.$Shape} Frame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): meridian.v1.Frame & meridian.v1.Frame.$Shape;

            /**
             * Creates a Frame message from a plain object. Also converts values to their respective internal types.
             * @param object Plain object
             * @returns Frame
             */
            static fromObject(object: { [k: string]: any }): meridian.v1.Frame;

            /**
             * Creates a plain object from a Frame message. Also converts values to other types if specified.
             * @param message Frame
             * @param [options] Conversion options
             * @returns Plain object
             */
            static toObject(message: meridian.v1.Frame, options?: $protobuf.IConversionOptions): { [k: string]: any };

            /**
             * Converts this Frame to JSON.
             * @returns JSON object
             */
            toJSON(): { [k: string]: any };

            /**
             * Gets the type url for Frame
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Frame {

            /** Properties of a Frame. */
            interface $Properties {

                /** Frame previous */
                previous?: Long;

                /** Frame first */
                first?: Long;

                /** Frame last */
                last?: Long;

                /** Frame mutations */
                mutations?: number;

                /** Frame writers */
                writers?: string[];

                /** Frame context */
                context?: Long[];

                /** Frame rows */
                rows?: Uint8Array;

                /** Frame checksum */
                checksum?: number;

                /** Frame single */
                single?: boolean;

                /** Frame settledMs */
                settledMs?: Long;

                /** Frame absence */
                absence?: meridian.v1.Absence.$Properties;

                /** Frame policy */
                policy?: meridian.v1.PolicySaid.$Properties;

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Frame. */
            type $Shape = meridian.v1.Frame.$Properties;
        }

        /**
         * Properties of an Absence.
         * @deprecated Use meridian.v1.Absence.$Properties instead.
         */
        interface IAbsence extends meridian.v1.Absence.$Properties {
        }

        /** Represents an Absence. */
        class Absence {

            /**
             * Constructs a new Absence.
             * @param [properties] Properties to set
             */
            constructor(properties?: meridian.v1.Absence.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Absence round. */
            round: Long;

            /** Absence asked. */
            asked: string[];

            /** Absence answerTo. */
            answerTo: string;

            /** Absence answerRound. */
            answerRound: Long;

            /** Absence received. */
            received: meridian.v1.Cut[];

            /** Absence fenced. */
            fenced: meridian.v1.Cut[];

            /**
             * Creates a new Absence instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Absence instance
             */
            static create(properties: meridian.v1.Absence.$Shape): meridian.v1.Absence & meridian.v1.Absence.$Shape;
            static create(properties?: meridian.v1.Absence.$Properties): meridian.v1.Absence;

            /**
             * Encodes the specified Absence message. Does not implicitly {@link meridian.v1.Absence.verify|verify} messages.
             * @param message Absence message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: meridian.v1.Absence.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Absence message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {meridian.v1.Absence & meridian.v1.Absence.$Shape} Absence
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): meridian.v1.Absence & meridian.v1.Absence.$Shape;

            /**
             * Creates an Absence message from a plain object. Also converts values to their respective internal types.
             * @param object Plain object
             * @returns Absence
             */
            static fromObject(object: { [k: string]: any }): meridian.v1.Absence;

            /**
             * Creates a plain object from an Absence message. Also converts values to other types if specified.
             * @param message Absence
             * @param [options] Conversion options
             * @returns Plain object
             */
            static toObject(message: meridian.v1.Absence, options?: $protobuf.IConversionOptions): { [k: string]: any };

            /**
             * Converts this Absence to JSON.
             * @returns JSON object
             */
            toJSON(): { [k: string]: any };

            /**
             * Gets the type url for Absence
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Absence {

            /** Properties of an Absence. */
            interface $Properties {

                /** Absence round */
                round?: Long;

                /** Absence asked */
                asked?: string[];

                /** Absence answerTo */
                answerTo?: string;

                /** Absence answerRound */
                answerRound?: Long;

                /** Absence received */
                received?: meridian.v1.Cut.$Properties[];

                /** Absence fenced */
                fenced?: meridian.v1.Cut.$Properties[];

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Absence. */
            type $Shape = meridian.v1.Absence.$Properties;
        }

        /**
         * Properties of a Cut.
         * @deprecated Use meridian.v1.Cut.$Properties instead.
         */
        interface ICut extends meridian.v1.Cut.$Properties {
        }

        /** Represents a Cut. */
        class Cut {

            /**
             * Constructs a new Cut.
             * @param [properties] Properties to set
             */
            constructor(properties?: meridian.v1.Cut.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Cut writer. */
            writer: string;

            /** Cut version. */
            version: Long;

            /**
             * Creates a new Cut instance using the specified properties.
             * @param [properties] Properties to set
             * @returns Cut instance
             */
            static create(properties: meridian.v1.Cut.$Shape): meridian.v1.Cut & meridian.v1.Cut.$Shape;
            static create(properties?: meridian.v1.Cut.$Properties): meridian.v1.Cut;

            /**
             * Encodes the specified Cut message. Does not implicitly {@link meridian.v1.Cut.verify|verify} messages.
             * @param message Cut message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: meridian.v1.Cut.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Cut message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {meridian.v1.Cut & meridian.v1.Cut.$Shape} Cut
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): meridian.v1.Cut & meridian.v1.Cut.$Shape;

            /**
             * Creates a Cut message from a plain object. Also converts values to their respective internal types.
             * @param object Plain object
             * @returns Cut
             */
            static fromObject(object: { [k: string]: any }): meridian.v1.Cut;

            /**
             * Creates a plain object from a Cut message. Also converts values to other types if specified.
             * @param message Cut
             * @param [options] Conversion options
             * @returns Plain object
             */
            static toObject(message: meridian.v1.Cut, options?: $protobuf.IConversionOptions): { [k: string]: any };

            /**
             * Converts this Cut to JSON.
             * @returns JSON object
             */
            toJSON(): { [k: string]: any };

            /**
             * Gets the type url for Cut
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace Cut {

            /** Properties of a Cut. */
            interface $Properties {

                /** Cut writer */
                writer?: string;

                /** Cut version */
                version?: Long;

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Cut. */
            type $Shape = meridian.v1.Cut.$Properties;
        }

        /**
         * Properties of a PolicySaid.
         * @deprecated Use meridian.v1.PolicySaid.$Properties instead.
         */
        interface IPolicySaid extends meridian.v1.PolicySaid.$Properties {
        }

        /** Represents a PolicySaid. */
        class PolicySaid {

            /**
             * Constructs a new PolicySaid.
             * @param [properties] Properties to set
             */
            constructor(properties?: meridian.v1.PolicySaid.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PolicySaid version. */
            version: number;

            /** PolicySaid round. */
            round: Long;

            /** PolicySaid proposes. */
            proposes: boolean;

            /** PolicySaid rows. */
            rows: meridian.v1.PolicyRow[];

            /** PolicySaid answerTo. */
            answerTo: string;

            /** PolicySaid answerRound. */
            answerRound: Long;

            /** PolicySaid refusal. */
            refusal: string;

            /**
             * Creates a new PolicySaid instance using the specified properties.
             * @param [properties] Properties to set
             * @returns PolicySaid instance
             */
            static create(properties: meridian.v1.PolicySaid.$Shape): meridian.v1.PolicySaid & meridian.v1.PolicySaid.$Shape;
            static create(properties?: meridian.v1.PolicySaid.$Properties): meridian.v1.PolicySaid;

            /**
             * Encodes the specified PolicySaid message. Does not implicitly {@link meridian.v1.PolicySaid.verify|verify} messages.
             * @param message PolicySaid message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: meridian.v1.PolicySaid.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PolicySaid message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {meridian.v1.PolicySaid & meridian.v1.PolicySaid.$Shape} PolicySaid
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): meridian.v1.PolicySaid & meridian.v1.PolicySaid.$Shape;

            /**
             * Creates a PolicySaid message from a plain object. Also converts values to their respective internal types.
             * @param object Plain object
             * @returns PolicySaid
             */
            static fromObject(object: { [k: string]: any }): meridian.v1.PolicySaid;

            /**
             * Creates a plain object from a PolicySaid message. Also converts values to other types if specified.
             * @param message PolicySaid
             * @param [options] Conversion options
             * @returns Plain object
             */
            static toObject(message: meridian.v1.PolicySaid, options?: $protobuf.IConversionOptions): { [k: string]: any };

            /**
             * Converts this PolicySaid to JSON.
             * @returns JSON object
             */
            toJSON(): { [k: string]: any };

            /**
             * Gets the type url for PolicySaid
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace PolicySaid {

            /** Properties of a PolicySaid. */
            interface $Properties {

                /** PolicySaid version */
                version?: number;

                /** PolicySaid round */
                round?: Long;

                /** PolicySaid proposes */
                proposes?: boolean;

                /** PolicySaid rows */
                rows?: meridian.v1.PolicyRow.$Properties[];

                /** PolicySaid answerTo */
                answerTo?: string;

                /** PolicySaid answerRound */
                answerRound?: Long;

                /** PolicySaid refusal */
                refusal?: string;

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PolicySaid. */
            type $Shape = meridian.v1.PolicySaid.$Properties;
        }

        /**
         * Properties of a PolicyRow.
         * @deprecated Use meridian.v1.PolicyRow.$Properties instead.
         */
        interface IPolicyRow extends meridian.v1.PolicyRow.$Properties {
        }

        /** Represents a PolicyRow. */
        class PolicyRow {

            /**
             * Constructs a new PolicyRow.
             * @param [properties] Properties to set
             */
            constructor(properties?: meridian.v1.PolicyRow.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PolicyRow prefix. */
            prefix: Uint8Array;

            /** PolicyRow policy. */
            policy: string;

            /**
             * Creates a new PolicyRow instance using the specified properties.
             * @param [properties] Properties to set
             * @returns PolicyRow instance
             */
            static create(properties: meridian.v1.PolicyRow.$Shape): meridian.v1.PolicyRow & meridian.v1.PolicyRow.$Shape;
            static create(properties?: meridian.v1.PolicyRow.$Properties): meridian.v1.PolicyRow;

            /**
             * Encodes the specified PolicyRow message. Does not implicitly {@link meridian.v1.PolicyRow.verify|verify} messages.
             * @param message PolicyRow message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: meridian.v1.PolicyRow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PolicyRow message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {meridian.v1.PolicyRow & meridian.v1.PolicyRow.$Shape} PolicyRow
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): meridian.v1.PolicyRow & meridian.v1.PolicyRow.$Shape;

            /**
             * Creates a PolicyRow message from a plain object. Also converts values to their respective internal types.
             * @param object Plain object
             * @returns PolicyRow
             */
            static fromObject(object: { [k: string]: any }): meridian.v1.PolicyRow;

            /**
             * Creates a plain object from a PolicyRow message. Also converts values to other types if specified.
             * @param message PolicyRow
             * @param [options] Conversion options
             * @returns Plain object
             */
            static toObject(message: meridian.v1.PolicyRow, options?: $protobuf.IConversionOptions): { [k: string]: any };

            /**
             * Converts this PolicyRow to JSON.
             * @returns JSON object
             */
            toJSON(): { [k: string]: any };

            /**
             * Gets the type url for PolicyRow
             * @param [prefix] Custom type url prefix, defaults to `"type.googleapis.com"`
             * @returns The type url
             */
            static getTypeUrl(prefix?: string): string;
        }

        namespace PolicyRow {

            /** Properties of a PolicyRow. */
            interface $Properties {

                /** PolicyRow prefix */
                prefix?: Uint8Array;

                /** PolicyRow policy */
                policy?: string;

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PolicyRow. */
            type $Shape = meridian.v1.PolicyRow.$Properties;
        }
    }
}
