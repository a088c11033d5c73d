package socketeer

import kotlinx.serialization.BinaryFormat
import kotlinx.serialization.DeserializationStrategy
import kotlinx.serialization.KSerializer
import kotlinx.serialization.SerializationException
import kotlinx.serialization.StringFormat
import kotlinx.serialization.serializer

/**
 * Values as text of [format], such as `Json`, until the input ends: `lines(serialized(Json, Chat.serializer()))`.
 *
 * The text is strict UTF-8; what the format refuses is malformed. Needs kotlinx-serialization.
 *
 * @param max the greatest number of bytes, 0 or more.
 */
public fun <T : Any> serialized(format: StringFormat, type: KSerializer<T>, max: Int = DEFAULT_MAX_FRAME): Codec<T> =
    text(max).map({
        refusing(type) { format.decodeFromString(type, it) }
    }, { accepting { format.encodeToString(type, it) } })

/**
 * Values as bytes of [format], such as `Cbor` or `ProtoBuf`, until the input ends:
 * `lengthPrefixed(serialized(ProtoBuf, Chat.serializer()), Length.Varint)` is protobuf's delimited form.
 *
 * What the format refuses is malformed. Needs kotlinx-serialization.
 *
 * @param max the greatest number of bytes, 0 or more.
 */
public fun <T : Any> serialized(format: BinaryFormat, type: KSerializer<T>, max: Int = DEFAULT_MAX_FRAME): Codec<T> =
    bytes(max).map(
        { refusing(type) { format.decodeFromByteArray(type, arrayOf(it)) } },
        { accepting { wrap(format.encodeToByteArray(type, it)) } },
    )

/** Values of [T] as text of [format]; see the one with a serializer. */
public inline fun <reified T : Any> serialized(format: StringFormat, max: Int = DEFAULT_MAX_FRAME): Codec<T> =
    serialized(format, serializer<T>(), max)

/** Values of [T] as bytes of [format]; see the one with a serializer. */
public inline fun <reified T : Any> serialized(format: BinaryFormat, max: Int = DEFAULT_MAX_FRAME): Codec<T> =
    serialized(format, serializer<T>(), max)

// Formats throw more than they say they do on hostile bytes (index out of bounds, arithmetic, depth): all of it means
// that these bytes aren't a value.
@Suppress("TooGenericExceptionCaught")
private inline fun <T> refusing(type: DeserializationStrategy<T>, decode: () -> T): T =
    try {
        decode()
    } catch (e: RuntimeException) {
        throw IllegalArgumentException("${type.descriptor.serialName} expected: ${e.message}", e)
    } catch (e: StackOverflowError) {
        throw IllegalArgumentException("${type.descriptor.serialName} expected, nested too deeply", e)
    }

private inline fun <A> accepting(encode: () -> A): A =
    try {
        encode()
    } catch (e: SerializationException) {
        throw IllegalArgumentException(e.message, e)
    }
