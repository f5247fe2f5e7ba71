"""What annotation tools and institutes leave, and volumes with a table of classes."""
from .truth import layout
from .writers import image, labels, mask, table, text


@layout("monai-label", 4, 4, labelled=3)
def monai_label(out):
    for n in range(4):
        image(out / "studies" / f"case_{n}.nii.gz", n)
        if n < 3:
            labels(out / "studies" / "labels" / "final" / f"case_{n}.nii.gz", n)
            labels(out / "studies" / "labels" / "original" / f"case_{n}.nii.gz", n, (1, 2, 3))
    text(out / "studies" / "datastore_v2.json", {"name": "new-dataset", "objects": {}})


@layout("slicer", 3, 3, labels=["liver", "tumour"])
def slicer(out):
    """A 3D Slicer scene a patient."""
    for n in range(1, 4):
        image(out / f"P{n:02}" / "2 CT abdomen.nrrd", n)
        labels(out / f"P{n:02}" / "Segmentation.seg.nrrd", n, names=("liver", "tumour"))
        text(out / f"P{n:02}" / "scene.mrml", "<MRML/>\n")


@layout("itk-snap", 3, 3, labels=["liver", "tumour"])
def itk_snap(out):
    for n in range(1, 4):
        image(out / f"case{n}" / "image.nii.gz", n)
        labels(out / f"case{n}" / "segmentation.nii.gz", n)
    text(out / "labels.txt", "# ITK-SnAP Label Description File\n"
         "    0     0    0    0        0  0  0    \"Clear Label\"\n"
         "    1   255    0    0        1  1  1    \"liver\"\n    2     0  255    0        1  1  1    \"tumour\"\n")


@layout("two-readers", 3, 3, labels=1)
def two_readers(out):
    """Which of two readers counts is to be said: data.sources.NAME.answers."""
    for n in range(3):
        image(out / f"case_{n}.nii.gz", n)
        for reader in (1, 2):
            labels(out / f"case_{n}_seg_reader{reader}.nii.gz", n, [1])


@layout("follow-ups", 4, 2)
def follow_ups(out):
    """Baseline and follow-up of one patient in folders below."""
    for n in range(4):
        folder = out / f"patient_{n // 2:03}" / ("baseline", "followup")[n % 2]
        image(folder / "image.nii.gz", n)
        labels(folder / "mask.nii.gz", n, [1])


@layout("dates-in-names", 4, 2)
def dates(out):
    """The same by names: patient_date."""
    for n in range(4):
        stem = f"P{n // 2:03}_{('20190305', '20200811')[n % 2]}"
        image(out / "images" / f"{stem}.nii.gz", n)
        labels(out / "labels" / f"{stem}.nii.gz", n, [1])


@layout("sides-in-names", 4, 2)
def sides(out):
    """Left and right knee of one patient."""
    for n in range(4):
        stem = f"{9000 + n // 2}_{('left', 'right')[n % 2]}"
        image(out / "images" / f"{stem}.nii.gz", n, "mr")
        labels(out / "labels" / f"{stem}.nii.gz", n, [1])


@layout("same-names-two-sites", 4, 4)
def two_sites(out):
    """Numbers begin anew at each hospital."""
    for n in range(4):
        site = out / ("SiteA", "SiteB")[n // 2]
        image(site / "images" / f"case_{n % 2}.nii.gz", n)
        labels(site / "labels" / f"case_{n % 2}.nii.gz", n)


@layout("masks-by-structure", 3, 3, labels=["liver", "spleen"])
def masks_by_structure(out):
    """A folder a structure below masks/, files called as the images are."""
    for n in range(3):
        image(out / "images" / f"case_{n}.nii.gz", n)
        for m, organ in enumerate(("liver", "spleen")):
            mask(out / "masks" / organ / f"case_{n}.nii.gz", n, m)


@layout("masks-of-255", 3, 3, labels=1)
def masks_255(out):
    for n in range(3):
        image(out / f"case_{n}" / "image.nii.gz", n)
        mask(out / f"case_{n}" / "mask.nii.gz", n, value=255)


@layout("ct-rate", 4, 2, labelled=0, labels=[], splits={"train": 4}, image_labels={
    "Medical material=0": 2, "Medical material=1": 2})
def ct_rate(out):
    """Reconstructions of one study are one patient's; a table has a column for each finding, one of them the same
    everywhere."""
    for n in range(4):
        who = f"train_{1 + n // 2}"
        image(out / "dataset" / "train" / who / f"{who}_a" / f"{who}_a_{1 + n % 2}.nii.gz", n)
    table(out / "dataset" / "multi_abnormality_labels" / "train_predicted_labels.csv",
          "VolumeName,Medical material,Cardiomegaly",
          [(f"train_{1 + n // 2}_a_{1 + n % 2}.nii.gz", n % 2, 1) for n in range(4)])


@layout("volumes-with-table", 4, 4, labelled=0, labels=[], image_labels={"0": 2, "1": 2})
def volumes_table(out):
    """A table of classes that names volumes."""
    for n in range(4):
        image(out / "volumes" / f"case_{n}.nii.gz", n)
    table(out / "labels.csv", "filename,label", [(f"volumes/case_{n}.nii.gz", n % 2) for n in range(4)])


@layout("volumes-in-class-folders", 4, 4, labelled=0, labels=[], image_labels={"benign": 2, "malignant": 2})
def volumes_classes(out):
    for n in range(4):
        image(out / ("benign", "malignant")[n % 2] / f"case_{n}.nii.gz", n)


@layout("predictions-beside", 3, 3)
def predictions(out):
    """A network's answers beside the truth are no truth."""
    for n in range(3):
        image(out / "images" / f"case_{n}.nii.gz", n)
        labels(out / "labels" / f"case_{n}.nii.gz", n)
        labels(out / "predictions" / f"case_{n}.nii.gz", n, (1, 2, 3))


@layout("preprocessed-beside", 6, 3)
def preprocessed(out):
    """The same images resampled or cropped in another folder, each with its labels."""
    for part, shift in (("original", 0), ("resampled", 1)):
        for n in range(3):
            image(out / part / "images" / f"case_{n}.nii.gz", n + shift)
            labels(out / part / "labels" / f"case_{n}.nii.gz", n + shift)
